c.relkind OPERATOR(pg_catalog.<>) 'r'
OR EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid OPERATOR(pg_catalog.=) c.oid)
OR EXISTS (SELECT FROM pg_catalog.pg_rewrite AS w WHERE w.ev_class OPERATOR(pg_catalog.=) c.oid)
OR EXISTS (SELECT FROM pg_catalog.pg_policy AS p WHERE p.polrelid OPERATOR(pg_catalog.=) c.oid)
OR EXISTS (SELECT FROM pg_catalog.pg_inherits AS i WHERE c.oid OPERATOR(pg_catalog.=) ANY (ARRAY[i.inhparent, i.inhrelid]))
OR EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.confrelid OPERATOR(pg_catalog.=) c.oid
  OR k.conrelid OPERATOR(pg_catalog.=) c.oid AND k.contype OPERATOR(pg_catalog.<>) ALL (ARRAY['p', 'c', 'n']::pg_catalog."char"[]))
OR EXISTS (SELECT FROM pg_catalog.pg_index AS x WHERE x.indrelid OPERATOR(pg_catalog.=) c.oid AND NOT x.indisprimary)
OR EXISTS (SELECT FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS y ON y.oid OPERATOR(pg_catalog.=) a.atttypid
  WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND y.typtype OPERATOR(pg_catalog.<>) 'b')
