-- Triggers and the like would run with our privileges, and see the keys: to get one there, TRIGGER is enough.
    IF EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = 'pglambda' AND c.relname = 'settings' AND NOT {{foreign_table.sql}} AND ({{unsafe_table.sql}}
          OR {{foreign_expression.sql}})) THEN
      RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = 'the table pglambda.settings has been changed, so the keys of pg-lambda-proxy are not written to it',
        DETAIL = 'It has a trigger, rule, policy, constraint, index, default, child or column type that aws_lambda did not make.',
        HINT = 'Run DROP EXTENSION aws_lambda and CREATE EXTENSION aws_lambda through the proxy.';
    END IF;
