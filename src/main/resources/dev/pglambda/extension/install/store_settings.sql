-- Where the proxy is and the keys to it, if this is our extension and the role may write them. The proxy offers them as
  -- the one row of a cursor, so that no statement's text holds a key.
  DECLARE
    offer pg_catalog.refcursor := {{cursor}};
    offered pg_catalog.record;
    settings_oid pg_catalog.oid;
    settings_owner pg_catalog.name;
    is_superusers pg_catalog.bool;
  BEGIN
    SELECT c.oid, o.rolname, o.rolsuper INTO settings_oid, settings_owner, is_superusers
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_roles AS o ON o.oid = c.relowner
      WHERE n.nspname = 'pglambda' AND c.relname = 'settings' AND has_schema_privilege(n.oid, 'USAGE') AND n.nspowner = c.relowner
      AND c.relowner = (SELECT l.nspowner FROM pg_namespace AS l WHERE l.nspname = 'aws_lambda')
      AND has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE');
    IF settings_oid IS NULL THEN
      NULL;
    ELSIF NOT EXISTS (SELECT FROM pg_cursors AS c WHERE c.name = {{cursor}}) THEN
      -- The proxy takes this for itself and stores them after the statement (manual: INFO is always sent to the client).
      IF current_setting('pglambda.callback', true) <> '' THEN
        RAISE INFO USING ERRCODE = {{wanted_code}}, MESSAGE = {{wanted_message}};
      END IF;
    ELSE
      FETCH offer INTO offered;
      IF NOT FOUND THEN
        NULL; -- not for this role
      ELSIF is_superusers OR settings_owner = current_user THEN
        UPDATE pglambda.settings AS s SET link_password = offered.link_password, ipad = offered.ipad, opad = offered.opad, host = offered.host, port = offered.port
          WHERE (s.link_password, s.ipad, s.opad, s.host, s.port) IS DISTINCT FROM (offered.link_password, offered.ipad, offered.opad, offered.host, offered.port);
        INSERT INTO pglambda.settings AS s (link_password, ipad, opad, host, port)
          VALUES (offered.link_password, offered.ipad, offered.opad, offered.host, offered.port) ON CONFLICT DO NOTHING;
      ELSE
        -- Another role's table can have triggers, checks and index expressions: writing to it, or even reading what may be
        -- a view by then, could run that role's code with our privileges. A new table is filled as it is made.
        DROP TABLE pglambda.settings;
        CREATE TABLE pglambda.settings AS
          SELECT true AS one_row, offered.link_password, offered.ipad, offered.opad, offered.host, offered.port;
        ALTER TABLE pglambda.settings ENABLE ROW LEVEL SECURITY;
        EXECUTE format('ALTER TABLE pglambda.settings OWNER TO %I', settings_owner);
      END IF;
      CLOSE offer;
    END IF;
  END;
