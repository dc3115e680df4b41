-- Roles that a superuser called postgres has made, and its own settings.
CREATE ROLE alice LOGIN PASSWORD 'alice'; CREATE ROLE bob; CREATE ROLE boss SUPERUSER LOGIN; CREATE ROLE copier REPLICATION LOGIN;
GRANT bob TO alice; GRANT postgres TO copier; GRANT bob TO postgres;
ALTER ROLE postgres SET work_mem='8MB'; ALTER ROLE postgres IN DATABASE app SET lock_timeout = 77; ALTER DATABASE app SET search_path = s, public;
COMMENT ON ROLE postgres IS 'the boss';
ALTER ROLE postgres PASSWORD 'secret';
GRANT CONNECT ON DATABASE app TO alice WITH GRANT OPTION;
