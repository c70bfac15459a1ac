-- The version that runs writes only price_text, such as '12.50 USD'; it does not notice a new column.
ALTER TABLE orders ADD COLUMN price_minor bigint, ADD COLUMN currency char(3);
