  -- Where the proxy is and the keys to it, if this is our extension and the role may write them.
  SELECT c.oid, o.rolname, o.rolsuper INTO settings_oid, settings_owner, is_superusers
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_roles AS o ON o.oid = c.relowner
    WHERE n.nspname = 'pglambda' AND c.relname = 'settings' AND has_schema_privilege(n.oid, 'USAGE') AND n.nspowner = c.relowner
    AND c.relowner = (SELECT l.nspowner FROM pg_namespace AS l WHERE l.nspname = 'aws_lambda');
  new_host := coalesce({{host}}, host(inet_client_addr()), '127.0.0.1');
  IF NOT has_table_privilege(settings_oid, 'SELECT') OR NOT has_table_privilege(settings_oid, 'INSERT') OR NOT has_table_privilege(settings_oid, 'UPDATE') THEN
    NULL;
  ELSIF is_superusers OR settings_owner = current_user THEN
    UPDATE pglambda.settings AS s SET link_password = {{link_password}}, ipad = decode({{ipad}}, 'hex'), opad = decode({{opad}}, 'hex'), host = new_host, port = {{port}}
      WHERE (s.link_password, s.ipad, s.opad, s.host, s.port) IS DISTINCT FROM ({{link_password}}, decode({{ipad}}, 'hex'), decode({{opad}}, 'hex'), new_host, {{port}});
    INSERT INTO pglambda.settings AS s (link_password, ipad, opad, host, port)
      VALUES ({{link_password}}, decode({{ipad}}, 'hex'), decode({{opad}}, 'hex'), new_host, {{port}}) ON CONFLICT DO NOTHING;
  ELSIF settings_oid IS NOT NULL THEN
    -- Another role's table can have triggers, checks and index expressions: writing to it, or even reading what may be
    -- a view by then, could run that role's code with our privileges. A new table is filled as it is made.
    DROP TABLE pglambda.settings;
    CREATE TABLE pglambda.settings AS
      SELECT true AS one_row, {{link_password}}::text AS link_password, decode({{ipad}}, 'hex') AS ipad, decode({{opad}}, 'hex') AS opad, new_host AS host, {{port}}::integer AS port;
    EXECUTE format('ALTER TABLE pglambda.settings OWNER TO %I', settings_owner);
  END IF;
