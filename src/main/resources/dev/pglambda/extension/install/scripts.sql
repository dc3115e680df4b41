      IF part = 'aws_commons' THEN
        EXECUTE {{commons}};
      ELSE
        EXECUTE {{objects}};
        EXECUTE bindings;
        EXECUTE {{functions}};
        EXECUTE {{privileges}};
      END IF;
