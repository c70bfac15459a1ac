-- Nobody reads it any more. There is no undo: what is dropped is gone.
ALTER TABLE orders DROP COLUMN price_text;
