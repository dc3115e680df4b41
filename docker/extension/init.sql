-- Run once by the image of PostgreSQL, in the new and empty database, before the proxy is there. The extension has no keys
-- of the proxy yet; calls work when it has them (README.md).
CREATE EXTENSION aws_lambda CASCADE;

-- Each new order is added up by a Lambda function.
CREATE TABLE orders (id integer PRIMARY KEY, lines json NOT NULL, cents integer);

CREATE FUNCTION add_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT payload->>'cents' INTO NEW.cents
    FROM aws_lambda.invoke('order-total', json_build_object('id', NEW.id, 'lines', NEW.lines));
  RETURN NEW;
END $$;

CREATE TRIGGER add_up BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION add_up();
