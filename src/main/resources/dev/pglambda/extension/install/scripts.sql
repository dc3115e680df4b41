      IF part = 'aws_commons' THEN
        EXECUTE {{commons}};
      ELSE
        EXECUTE {{objects}};
        EXECUTE {{table}};
        EXECUTE bindings;
        EXECUTE {{functions}};
        EXECUTE {{privileges}};
        EXECUTE {{grants}};
      END IF;
