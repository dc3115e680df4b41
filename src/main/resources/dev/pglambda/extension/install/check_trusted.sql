IF NOT is_trusted THEN
      RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format('permission denied to {{action}} extension "%s"', requested), HINT = {{trusted_hint}};
    END IF;
