ALTER TABLE orders DROP COLUMN price_minor, DROP COLUMN currency;
