SELECT CASE WHEN asked.may_have_keys OPERATOR(pg_catalog.=) 't'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_namespace AS n WHERE n.nspname OPERATOR(pg_catalog.=) 'pglambda')
    AND EXISTS (SELECT FROM pg_catalog.pg_proc AS p WHERE pg_catalog.strpos(p.prosrc, {{block}}) OPERATOR(pg_catalog.>) 0)
  THEN 't' ELSE 'f' END, asked.installation
FROM ({{ask.sql}}) AS asked
