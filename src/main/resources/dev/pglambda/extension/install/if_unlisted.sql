-- The client's search_path may put another schema before pg_catalog: full names until it is set.
DECLARE
  -- ALTER EXTENSION .. SET SCHEMA or COMMENT ON EXTENSION, as the client sent it.
  statement constant pg_catalog.text := {{statement}};
  requested constant pg_catalog.text := {{extension}};
  client_path constant pg_catalog.text := pg_catalog.current_setting('search_path');
  owner_oid pg_catalog.oid;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  SELECT u.owner INTO owner_oid FROM {{unlisted.sql}} WHERE u.name = requested;
  IF NOT FOUND OR current_setting('transaction_read_only')::boolean THEN
    -- PostgreSQL itself can answer.
    PERFORM set_config('search_path', client_path, true);
    EXECUTE statement;
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  ELSE
    {{checks}}
    IF NOT pg_has_role(owner_oid, 'USAGE') THEN
      RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format('must be owner of extension %s', requested);
    END IF;
    {{work}}
  END IF;
  PERFORM set_config('search_path', client_path, true);
END
