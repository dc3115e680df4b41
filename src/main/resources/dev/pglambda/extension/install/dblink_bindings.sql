      -- Only a superuser may bind dblink's library; others use its extension.
      SELECT n.nspname INTO dblink_schema FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'dblink' AND has_schema_privilege(n.oid, 'USAGE');
      IF is_superuser AND (SELECT r.rolsuper FROM pg_namespace AS n JOIN pg_roles AS r ON r.oid = n.nspowner WHERE n.nspname = 'pglambda') THEN
        EXECUTE {{library}};
      ELSIF dblink_schema IS NOT NULL THEN
        EXECUTE format({{extension}}, dblink_schema);
      ELSE
        EXECUTE {{missing}};
      END IF;
