  -- The keys come from a file that only the server reads: they are in no text, no variable and no plan.
  DELETE FROM pglambda.settings;
  INSERT INTO pglambda.settings SELECT k.* FROM json_populate_record(NULL::pglambda.settings, pg_read_file({{file}})::json) AS k;
