-- Rows that must survive: what naive quoting, encodings and formats stumble over.
DROP TABLE IF EXISTS rows_to_keep;
CREATE TABLE rows_to_keep (id integer PRIMARY KEY, text text);
INSERT INTO rows_to_keep VALUES
  (1, 'plain'),
  (2, 'it''s "quoted", \back\slashed, 100% $HOME'),
  (3, 'äöü € 漢字'),
  (4, E'two\nlines\tand a tab'),
  (5, '');
