  -- Where the proxy is and the keys to it, if this is our extension and the role may write them.
  SELECT c.oid INTO settings_oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = 'pglambda' AND c.relname = 'settings' AND has_schema_privilege(n.oid, 'USAGE')
    AND c.relowner = (SELECT o.nspowner FROM pg_namespace AS o WHERE o.nspname = 'aws_lambda');
  IF has_table_privilege(settings_oid, 'SELECT') AND has_table_privilege(settings_oid, 'INSERT') AND has_table_privilege(settings_oid, 'UPDATE') THEN
    new_host := coalesce({{host}}, host(inet_client_addr()), '127.0.0.1');
    UPDATE pglambda.settings AS s SET link_password = {{link_password}}, ipad = decode({{ipad}}, 'hex'), opad = decode({{opad}}, 'hex'), host = new_host, port = {{port}}
      WHERE (s.link_password, s.ipad, s.opad, s.host, s.port) IS DISTINCT FROM ({{link_password}}, decode({{ipad}}, 'hex'), decode({{opad}}, 'hex'), new_host, {{port}});
    INSERT INTO pglambda.settings AS s (link_password, ipad, opad, host, port)
      VALUES ({{link_password}}, decode({{ipad}}, 'hex'), decode({{opad}}, 'hex'), new_host, {{port}}) ON CONFLICT DO NOTHING;
  END IF;
