-- Where the proxy is and the keys to it, if this is our extension and the role may write them. The proxy offers them as
  -- the one row of a cursor, so that no statement's text holds a key.
  DECLARE
    offer pg_catalog.refcursor := {{cursor}};
    offered pg_catalog.record;
    is_offered pg_catalog.bool := false;
    settings_oid pg_catalog.oid;
    settings_owner pg_catalog.name;
    is_foreign pg_catalog.bool;
    is_earlier pg_catalog.bool;
    knows_tls pg_catalog.bool;
    names constant pg_catalog.text[] := ARRAY['plan_cache_mode', 'debug_print_parse', 'debug_print_rewritten', 'debug_print_plan'];
    client_settings pg_catalog.text[];
  BEGIN
    SELECT c.oid, o.rolname, {{foreign_table.sql}},
        NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'installation' AND NOT a.attisdropped),
        EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'tls' AND NOT a.attisdropped)
      INTO settings_oid, settings_owner, is_foreign, is_earlier, knows_tls
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_roles AS o ON o.oid = c.relowner
      WHERE n.nspname = 'pglambda' AND c.relname = 'settings' AND has_schema_privilege(n.oid, 'USAGE') AND n.nspowner = c.relowner
      AND c.relowner = (SELECT l.nspowner FROM pg_namespace AS l WHERE l.nspname = 'aws_lambda')
      AND has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE');
    {{check_table.sql}}
    IF settings_oid IS NULL THEN
      NULL;
    ELSIF is_earlier AND NOT is_foreign THEN
      RAISE WARNING USING MESSAGE = 'aws_lambda in this database was installed by an earlier version of pg-lambda-proxy',
        HINT = 'Run ALTER EXTENSION aws_lambda UPDATE through the proxy, as its owner or a superuser.';
    ELSE
      IF EXISTS (SELECT FROM pg_cursors AS c WHERE c.name = {{cursor}}) THEN
        client_settings := ARRAY(SELECT current_setting(s.name) FROM unnest(names) WITH ORDINALITY AS s (name, number) ORDER BY s.number);
        -- The row's values stay parameters of the plans; as constants, debug_print_plan and auto_explain would show them.
        PERFORM set_config(s.name, CASE s.name WHEN 'plan_cache_mode' THEN 'force_generic_plan' ELSE 'off' END, true) FROM unnest(names) AS s (name);
        FETCH offer INTO offered;
        is_offered := FOUND;
        IF is_offered THEN
          IF is_foreign THEN
            -- Another role's table can have triggers, checks and index expressions: writing to it, or even reading what may be
            -- a view by then, could run that role's code with our privileges. A new table is filled before anybody sees it.
            DROP TABLE pglambda.settings;
            EXECUTE {{table}};
            knows_tls := true;
          END IF;
          UPDATE pglambda.settings AS s
            SET installation = offered.installation, link_password = offered.link_password, ipad = offered.ipad, opad = offered.opad,
              callback_ipad = offered.callback_ipad, callback_opad = offered.callback_opad, host = offered.host, port = offered.port
            WHERE (s.installation, s.link_password, s.ipad, s.opad, s.callback_ipad, s.callback_opad, s.host, s.port) IS DISTINCT FROM
              (offered.installation, offered.link_password, offered.ipad, offered.opad, offered.callback_ipad, offered.callback_opad, offered.host, offered.port);
          INSERT INTO pglambda.settings AS s (installation, link_password, ipad, opad, callback_ipad, callback_opad, host, port)
            VALUES (offered.installation, offered.link_password, offered.ipad, offered.opad, offered.callback_ipad, offered.callback_opad, offered.host, offered.port)
            ON CONFLICT DO NOTHING;
          IF knows_tls THEN
            UPDATE pglambda.settings AS s SET tls = offered.tls WHERE s.tls IS DISTINCT FROM offered.tls;
          END IF;
          IF is_foreign THEN
            EXECUTE format('ALTER TABLE pglambda.settings OWNER TO %I', settings_owner);
          END IF;
        END IF;
        CLOSE offer;
        PERFORM set_config(s.name, client_settings[s.number], true) FROM unnest(names) WITH ORDINALITY AS s (name, number);
      END IF;
      IF NOT is_offered THEN
        -- Nothing is offered, not to this role, or another function has taken it. The proxy takes this for itself, asks, and
        -- stores them after the statement (manual: INFO is always sent to the client).
        RAISE INFO USING ERRCODE = {{wanted_code}}, MESSAGE = {{wanted_message}};
      END IF;
    END IF;
  END;
