IF {{schema}} IN (requested, CASE requested WHEN 'aws_lambda' THEN 'pglambda' END) THEN
      RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = format('cannot move extension "%s" into schema "%s" because the extension contains the schema', requested, {{schema}});
    END IF;
    RAISE EXCEPTION USING ERRCODE = '0A000', MESSAGE = format('extension "%s" does not support SET SCHEMA', requested);
