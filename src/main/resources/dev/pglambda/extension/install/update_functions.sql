-- The version stays 1.0 whatever the proxy's is: bring all up to date.
  -- Not for another role: whoever owns the schemas could put the new functions to use with our privileges.
  IF EXISTS (SELECT FROM pg_namespace AS n JOIN pg_roles AS o ON o.oid = n.nspowner WHERE n.nspname = 'pglambda'
      AND (o.rolname = current_user OR (is_superuser AND o.rolsuper)) AND is_trusted
      AND n.nspowner = (SELECT l.nspowner FROM pg_namespace AS l WHERE l.nspname = 'aws_lambda')) THEN
    IF EXISTS (SELECT FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace JOIN pg_roles AS o ON o.oid = p.proowner
        WHERE n.nspname IN ('aws_lambda', 'pglambda') AND p.proowner <> n.nspowner AND NOT o.rolsuper)
      OR EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_roles AS o ON o.oid = c.relowner
        WHERE n.nspname = 'pglambda' AND c.relname = 'invocations' AND c.relowner <> n.nspowner AND NOT o.rolsuper) THEN
      RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = 'a function or view in the schemas of aws_lambda belongs to another role',
        HINT = 'Run DROP EXTENSION aws_lambda CASCADE and CREATE EXTENSION aws_lambda through the proxy.';
    END IF;
    {{check_table.sql}}
{{bindings}}
      PERFORM set_config('check_function_bodies', 'off', true);
      IF is_superuser THEN
        -- ALTER EXTENSION to the same version runs no commands that event triggers could see.
        PERFORM set_config('session_replication_role', 'replica', true);
      END IF;
      IF NOT EXISTS (SELECT FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
          WHERE n.nspname = 'pglambda' AND c.relname = 'settings' AND a.attname = 'installation' AND NOT a.attisdropped) THEN
        -- What an earlier version has stored counts as known.
        DELETE FROM pglambda.settings;
        ALTER TABLE pglambda.settings
          ADD COLUMN installation text NOT NULL CHECK (installation ~ '^[0-9a-f]{32}$'),
          ADD COLUMN callback_ipad bytea NOT NULL CHECK (octet_length(callback_ipad) = 64),
          ADD COLUMN callback_opad bytea NOT NULL CHECK (octet_length(callback_opad) = 64);
      END IF;
      IF NOT EXISTS (SELECT FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
          WHERE n.nspname = 'pglambda' AND c.relname = 'settings' AND a.attname = 'tls' AND NOT a.attisdropped) THEN
        ALTER TABLE pglambda.settings ADD COLUMN tls boolean;
      END IF;
      EXECUTE bindings;
      EXECUTE {{functions}};
      FOR member IN
        SELECT p.oid::regprocedure AS name, EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e') AS is_member
        FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace JOIN pg_language AS l ON l.oid = p.prolang
        WHERE n.nspname = 'pglambda' AND format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)) <> ALL (ARRAY[
          'link_names()', 'connect(text, text, boolean)', 'link_encryption(boolean)', 'close_link(text)', 'ask(text, text)', 'connection_value(text)', 'raise_error(text, text, text, text)',
          'raise_warning(text, text, text)', 'invoke(text, text, text, text, text, text, text, text, text)', 'recorded_invocations()'])
        AND NOT (p.proname = 'open_link' AND oidvectortypes(p.proargtypes) = 'text, text' AND l.lanname = 'c')
      LOOP
        -- Of an earlier version.
        IF member.is_member THEN
          EXECUTE format('ALTER EXTENSION aws_lambda DROP FUNCTION %s', member.name);
        END IF;
        EXECUTE format('DROP FUNCTION %s', member.name);
      END LOOP;
      ALTER TABLE pglambda.settings ENABLE ROW LEVEL SECURITY;
      REVOKE ALL ON TABLE pglambda.invocations FROM PUBLIC;
      REVOKE ALL ON ALL FUNCTIONS IN SCHEMA pglambda FROM PUBLIC;
      -- What was granted on aws_lambda was meant so, but for the right to put more functions there.
      EXECUTE replace({{grants}}, '(''aws_lambda'', ''pglambda'')', '(''pglambda'')');
      FOR member IN SELECT DISTINCT a.grantee FROM pg_namespace AS n, LATERAL aclexplode(n.nspacl) AS a
          WHERE n.nspname = 'aws_lambda' AND a.privilege_type = 'CREATE' AND a.grantee <> n.nspowner LOOP
        EXECUTE format('REVOKE CREATE ON SCHEMA aws_lambda FROM %s CASCADE', CASE member.grantee WHEN 0 THEN 'PUBLIC' ELSE member.grantee::regrole::text END);
      END LOOP;
      IF EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'aws_lambda') THEN
        FOR member IN
          SELECT format('FUNCTION %s', p.oid::regprocedure) AS name FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
          WHERE n.nspname = 'pglambda' AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
          UNION ALL
          SELECT 'VIEW pglambda.invocations' WHERE NOT EXISTS (SELECT FROM pg_depend AS d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = 'pglambda.invocations'::regclass AND d.deptype = 'e')
        LOOP
          EXECUTE format('ALTER EXTENSION aws_lambda ADD %s', member.name);
        END LOOP;
      END IF;
      IF is_superuser THEN
        PERFORM set_config('session_replication_role', client_replication, true);
      END IF;
      PERFORM set_config('check_function_bodies', client_checks, true);
  ELSIF EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = 'pglambda' AND pg_has_role(n.nspowner, 'USAGE')) THEN
    RAISE WARNING USING MESSAGE = (SELECT format('the functions of aws_lambda belong to role "%s" and are left as they are', pg_get_userbyid(n.nspowner)) FROM pg_namespace AS n WHERE n.nspname = 'pglambda'),
      HINT = 'Have that role run ALTER EXTENSION aws_lambda UPDATE through the proxy.';
  END IF;
