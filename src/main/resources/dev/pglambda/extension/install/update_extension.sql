-- The client's search_path may put another schema before pg_catalog: full names until it is set.
DECLARE
  -- ALTER EXTENSION .. UPDATE, as the client sent it.
  statement constant pg_catalog.text := {{statement}};
  requested constant pg_catalog.text := {{extension}};
  given_version constant pg_catalog.text := {{version}};
  client_path constant pg_catalog.text := pg_catalog.current_setting('search_path');
  client_checks constant pg_catalog.text := pg_catalog.current_setting('check_function_bodies');
  client_replication constant pg_catalog.text := pg_catalog.current_setting('session_replication_role');
  installed_version pg_catalog.text;
  owner_oid pg_catalog.oid;
  is_unlisted pg_catalog.bool := false;
  is_superuser pg_catalog.bool;
  is_trusted pg_catalog.bool;
  member pg_catalog.record;
{{declarations}}
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  SELECT r.rolsuper, {{is_trusted}} INTO is_superuser, is_trusted FROM pg_roles AS r WHERE r.rolname = current_user;
  SELECT e.extversion, e.extowner INTO installed_version, owner_oid FROM pg_extension AS e WHERE e.extname = requested;
  IF NOT FOUND THEN
    SELECT {{default_version}}, u.owner INTO installed_version, owner_oid FROM {{unlisted.sql}} WHERE u.name = requested;
    is_unlisted := FOUND;
  END IF;
  IF current_setting('transaction_read_only')::boolean
      OR NOT is_unlisted AND (installed_version IS NULL OR NOT pg_has_role(owner_oid, 'USAGE')
        OR EXISTS (SELECT FROM pg_available_extensions AS a WHERE a.name = requested)) THEN
    -- PostgreSQL itself can answer.
    PERFORM set_config('search_path', client_path, true);
    EXECUTE statement;
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  ELSIF NOT pg_has_role(owner_oid, 'USAGE') THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format('must be owner of extension %s', requested);
  ELSE
    IF is_unlisted THEN
      {{check_trusted.sql}}
      IF EXISTS (SELECT FROM pg_roles AS o WHERE o.oid = owner_oid AND NOT {{owner_is_trusted}}) THEN
        RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format('extension "%s" belongs to role "%s"', requested, pg_get_userbyid(owner_oid)),
          DETAIL = 'That role is not trusted with the keys of pg-lambda-proxy.', HINT = {{trusted_hint}};
      END IF;
    END IF;
    {{check_version.sql}}
    IF given_version <> installed_version THEN
      RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('extension "%s" has no update path from version "%s" to version "%s"', requested, installed_version, given_version);
    END IF;
    RAISE NOTICE USING MESSAGE = format('version "%s" of extension "%s" is already installed', installed_version, requested);
  END IF;
{{settings}}
  PERFORM set_config('search_path', client_path, true);
END
