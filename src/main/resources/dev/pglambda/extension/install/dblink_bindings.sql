    -- Only a superuser may bind dblink's library; others use its extension.
    SELECT n.nspname INTO dblink_schema FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'dblink' AND has_schema_privilege(n.oid, 'USAGE');
    bindings := CASE
      WHEN is_superuser AND NOT EXISTS (SELECT FROM pg_namespace AS n JOIN pg_roles AS r ON r.oid = n.nspowner WHERE n.nspname = 'pglambda' AND NOT r.rolsuper) THEN {{library}}
      WHEN dblink_schema IS NOT NULL THEN format({{extension}}, dblink_schema)
      ELSE {{missing}} END;
