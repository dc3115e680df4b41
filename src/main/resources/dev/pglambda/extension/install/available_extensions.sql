SELECT pglambda_known.* FROM pg_catalog.{{view}} AS pglambda_known
UNION ALL SELECT pglambda_row.*
FROM (SELECT pglambda_file.name, pglambda_file.version, pglambda_file.version AS default_version,
    pglambda_file.requires, pglambda_file.comment,
    true AS superuser, false AS trusted, false AS relocatable, pglambda_entry.extversion AS installed_version,
    COALESCE(pglambda_entry.extversion OPERATOR(pg_catalog.=) pglambda_file.version, false) AS installed
  FROM (VALUES ({{commons}}, {{commons_version}}, NULL, {{commons_comment}}),
      ({{lambda}}, {{lambda_version}}, ARRAY[{{commons}}], {{lambda_comment}}))
    AS pglambda_file (name, version, requires, comment)
  LEFT JOIN pg_catalog.pg_extension AS pglambda_entry ON pglambda_entry.extname OPERATOR(pg_catalog.=) pglambda_file.name
  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_available_extensions AS pglambda_other
    WHERE pglambda_other.name OPERATOR(pg_catalog.=) pglambda_file.name)) AS pglambda_missing
CROSS JOIN LATERAL pg_catalog.jsonb_populate_record(NULL::pg_catalog.{{view}}, pg_catalog.to_jsonb(pglambda_missing)) AS pglambda_row
