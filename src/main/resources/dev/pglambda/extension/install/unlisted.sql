(
    -- What was installed by a role that cannot write to pg_extension, and only that: the names may also be a user's own.
    SELECT n.nspname AS name, n.nspowner AS owner FROM pg_namespace AS n
    WHERE NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = n.nspname)
      AND CASE n.nspname
        WHEN 'aws_commons' THEN (SELECT count(*) FROM pg_type AS t WHERE t.typnamespace = n.oid AND t.typname IN ('_lambda_function_arn_1', '_s3_uri_1', '_aws_credentials_1')) = 3
        WHEN 'aws_lambda' THEN EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS p ON p.oid = c.relnamespace WHERE p.nspname = 'pglambda' AND p.nspowner = n.nspowner AND c.relname = 'settings')
        ELSE false END
  ) AS u
