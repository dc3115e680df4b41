EXISTS (SELECT FROM pg_attrdef AS d WHERE d.adrelid = c.oid AND pg_get_expr(d.adbin, d.adrelid) <> 'true')
OR EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'c' AND replace(pg_get_expr(k.conbin, k.conrelid), '"', '') <> ALL (ARRAY['one_row',
  '(installation ~ ''^[0-9a-f]{32}$''::text)', '(octet_length(ipad) = 64)', '(octet_length(opad) = 64)',
  '(octet_length(callback_ipad) = 64)', '(octet_length(callback_opad) = 64)']))
