DECLARE
  client_path constant pg_catalog.text := pg_catalog.current_setting('search_path');
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  {{store_settings.sql}}
  PERFORM pg_catalog.set_config('search_path', client_path, true);
EXCEPTION WHEN OTHERS THEN
  -- The client's transaction goes on.
  RAISE INFO USING ERRCODE = {{failed_code}}, MESSAGE = SQLERRM;
END
