alter table orders drop column price_text;
