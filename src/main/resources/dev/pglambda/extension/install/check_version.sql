    -- PostgreSQL's check_valid_version_name()
    IF given_version = '' OR given_version LIKE '%--%' OR given_version LIKE '-%' OR given_version LIKE '%-' OR given_version LIKE '%/%' THEN
      RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('invalid extension version name: "%s"', given_version), DETAIL = CASE
        WHEN given_version = '' THEN 'Version names must not be empty.'
        WHEN given_version LIKE '%--%' THEN 'Version names must not contain "--".'
        WHEN given_version LIKE '-%' OR given_version LIKE '%-' THEN 'Version names must not begin or end with "-".'
        ELSE 'Version names must not contain directory separator characters.' END;
    END IF;
