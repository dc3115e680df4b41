-- The client's search_path may put another schema before pg_catalog: full names until it is set.
DECLARE
  -- ALTER EXTENSION .. UPDATE, as the client sent it.
  statement constant pg_catalog.text := {{statement}};
  requested constant pg_catalog.text := {{extension}};
  given_version constant pg_catalog.text := {{version}};
  client_path constant pg_catalog.text := pg_catalog.current_setting('search_path');
  client_checks constant pg_catalog.text := pg_catalog.current_setting('check_function_bodies');
  installed_version pg_catalog.text;
  owner_oid pg_catalog.oid;
{{declarations}}
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  SELECT e.extversion, e.extowner INTO installed_version, owner_oid FROM pg_extension AS e WHERE e.extname = requested;
  IF NOT FOUND THEN
    -- Installed by a role that is not superuser?
    SELECT {{default_version}}, n.nspowner INTO installed_version, owner_oid FROM pg_namespace AS n WHERE n.nspname = requested AND {{is_installed}};
    IF FOUND AND NOT pg_has_role(owner_oid, 'USAGE') THEN
      RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format('must be owner of extension %s', requested);
    END IF;
  END IF;
  IF installed_version IS NULL
      OR NOT pg_has_role(owner_oid, 'USAGE')
      OR current_setting('transaction_read_only')::boolean
      OR EXISTS (SELECT FROM pg_available_extensions AS a WHERE a.name = requested) THEN
    -- PostgreSQL itself can answer.
    PERFORM set_config('search_path', client_path, true);
    EXECUTE statement;
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  ELSE
    {{check_version}}
    IF given_version <> installed_version THEN
      RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('extension "%s" has no update path from version "%s" to version "%s"', requested, installed_version, given_version);
    END IF;
    RAISE NOTICE USING MESSAGE = format('version "%s" of extension "%s" is already installed', installed_version, requested);
  END IF;
{{settings}}
  PERFORM set_config('search_path', client_path, true);
END
