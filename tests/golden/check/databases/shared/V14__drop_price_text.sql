ALTER TABLE orders DROP COLUMN price_text;
