-- The client's search_path may put another schema before pg_catalog: full names until it is set.
DECLARE
  -- CREATE EXTENSION, as the client sent it.
  statement constant pg_catalog.text := {{statement}};
  requested constant pg_catalog.text := {{extension}};
  if_not_exists constant pg_catalog.bool := {{conditional}};
  announcement constant pg_catalog.text := '{{mark}}CREATE EXTENSION IF NOT EXISTS {{name}}';
  given_schema constant pg_catalog.text := {{schema}};
  given_version constant pg_catalog.text := {{version}};
  is_cascade constant pg_catalog.bool := {{cascade}};
  client_path constant pg_catalog.text := pg_catalog.current_setting('search_path');
  client_messages constant pg_catalog.text := pg_catalog.current_setting('client_min_messages');
  client_checks constant pg_catalog.text := pg_catalog.current_setting('check_function_bodies');
  client_replication constant pg_catalog.text := pg_catalog.current_setting('session_replication_role');
  extension_schema pg_catalog.text := pg_catalog.current_schema();
  is_superuser pg_catalog.bool;
  is_trusted pg_catalog.bool;
  parts pg_catalog.text[];
  part pg_catalog.text;
  script_path pg_catalog.text;
  member pg_catalog.record;
{{declarations}}
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  SELECT r.rolsuper, {{is_trusted}} INTO is_superuser, is_trusted FROM pg_roles AS r WHERE r.rolname = current_user;
  IF EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = requested)
      OR current_setting('transaction_read_only')::boolean
      OR EXISTS (SELECT FROM pg_available_extensions AS a WHERE a.name = requested) THEN
    -- PostgreSQL itself can answer.
    PERFORM set_config('search_path', client_path, true);
    EXECUTE statement;
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  ELSIF EXISTS (SELECT FROM {{unlisted.sql}} JOIN pg_roles AS o ON o.oid = u.owner WHERE u.name = requested AND (o.rolname = current_user OR {{owner_is_trusted}})) THEN
    IF NOT if_not_exists THEN
      RAISE EXCEPTION USING ERRCODE = '42710', MESSAGE = format('extension "%s" already exists', requested);
    END IF;
    RAISE NOTICE USING ERRCODE = '42710', MESSAGE = format('extension "%s" already exists, skipping', requested);
  ELSE
    {{check_version.sql}}
    IF given_version <> {{default_version}} THEN
      RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('extension "%s" has no installation script nor update path for version "%s"', requested, given_version);
    END IF;
    extension_schema := coalesce(given_schema, extension_schema);
    IF extension_schema IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = '3F000', MESSAGE = 'no schema has been selected to create in';
    ELSIF NOT EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = extension_schema) THEN
      RAISE EXCEPTION USING ERRCODE = '3F000', MESSAGE = format('schema "%s" does not exist', extension_schema);
    END IF;
    parts := ARRAY[requested];
{{required}}
    {{check_trusted.sql}}
{{bindings}}
    FOREACH part IN ARRAY parts LOOP
      IF NOT has_database_privilege(current_database(), 'CREATE') THEN
        RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format('permission denied to create extension "%s"', part), HINT = 'Must have CREATE privilege on current database to create this extension.';
      END IF;
      IF is_superuser THEN
        -- What CREATE EXTENSION records; ALTER EXTENSION .. ADD below does the rest (members, initial privileges).
        INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
          SELECT pg_nextoid('pg_extension', 'oid', 'pg_extension_oid_index'), part, r.oid, n.oid, false, CASE part {{versions}} END
          FROM pg_roles AS r, pg_namespace AS n WHERE r.rolname = current_user AND n.nspname = extension_schema;
        INSERT INTO pg_depend (classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype)
          SELECT 'pg_extension'::regclass, e.oid, 0, 'pg_namespace'::regclass, e.extnamespace, 0, 'n'
          FROM pg_extension AS e WHERE e.extname = part AND extension_schema NOT IN ('pg_catalog', 'pg_toast');
        INSERT INTO pg_depend (classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype)
          SELECT 'pg_extension'::regclass, e.oid, 0, 'pg_extension'::regclass, r.oid, 0, 'n'
          FROM pg_extension AS e, pg_extension AS r WHERE part = 'aws_lambda' AND e.extname = part AND r.extname = 'aws_commons';
        -- 10 is the bootstrap superuser, which needs no such entry.
        INSERT INTO pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
          SELECT d.oid, 'pg_extension'::regclass, e.oid, 0, 'pg_authid'::regclass, e.extowner, 'o'
          FROM pg_extension AS e, pg_database AS d WHERE e.extname = part AND d.datname = current_database() AND e.extowner <> 10;
      END IF;
      -- The settings under which PostgreSQL runs an extension's script; event triggers see them.
      script_path := quote_ident(extension_schema) || coalesce((SELECT ', ' || quote_ident(n.nspname) FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
        WHERE part = 'aws_lambda' AND e.extname = 'aws_commons' AND n.nspname <> 'pg_catalog'), '') || ', pg_temp';
      PERFORM set_config('check_function_bodies', 'off', true);
      IF client_messages NOT IN ('warning', 'error', 'fatal', 'panic') THEN
        PERFORM set_config('client_min_messages', 'warning', true);
      END IF;
      PERFORM set_config('search_path', script_path, true);
{{scripts}}
      PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
      IF is_superuser THEN
        -- CREATE EXTENSION does not show these commands to event triggers.
        PERFORM set_config('session_replication_role', 'replica', true);
        FOR member IN
          SELECT format('SCHEMA %I', n.nspname) AS name FROM pg_namespace AS n WHERE n.nspname IN (part, CASE part WHEN 'aws_lambda' THEN 'pglambda' END)
          UNION ALL
          SELECT format(CASE c.relkind WHEN 'c' THEN 'TYPE %I.%I' WHEN 'v' THEN 'VIEW %I.%I' ELSE 'TABLE %I.%I' END, n.nspname, c.relname)
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
          WHERE n.nspname IN (part, CASE part WHEN 'aws_lambda' THEN 'pglambda' END) AND c.relkind IN ('c', 'r', 'v')
          UNION ALL
          SELECT format('FUNCTION %s', p.oid::regprocedure) FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
          WHERE n.nspname IN (part, CASE part WHEN 'aws_lambda' THEN 'pglambda' END)
        LOOP
          EXECUTE format('ALTER EXTENSION %I ADD %s', part, member.name);
        END LOOP;
        EXECUTE format('COMMENT ON EXTENSION %I IS %L', part, CASE part {{comments}} END);
        PERFORM set_config('session_replication_role', client_replication, true);
      END IF;
      PERFORM set_config('client_min_messages', client_messages, true);
      PERFORM set_config('check_function_bodies', client_checks, true);
    END LOOP;
    IF is_superuser THEN
      -- Nothing is left for it to do, but event triggers see it.
      IF client_messages NOT IN ('warning', 'error', 'fatal', 'panic') THEN
        PERFORM set_config('client_min_messages', 'warning', true);
      END IF;
      PERFORM set_config('search_path', client_path, true);
      EXECUTE announcement;
      PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
      PERFORM set_config('client_min_messages', client_messages, true);
    END IF;
    IF NOT is_superuser THEN
      RAISE NOTICE USING MESSAGE = format('extension "%s" is installed, but not listed in pg_extension', requested), DETAIL = 'Only a superuser can write that entry.';
    END IF;
  END IF;
{{settings}}
  PERFORM set_config('search_path', client_path, true);
END
