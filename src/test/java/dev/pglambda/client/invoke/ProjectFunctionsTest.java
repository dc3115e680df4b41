package dev.pglambda.client.invoke;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.CdkApp;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.RequiredPrograms;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Functions of projects that other tools made, called by a trigger. */
class ProjectFunctionsTest {
  private static final Path SAM =
      Path.of("src/test/resources/dev/pglambda/lambda/project/sam/template.yaml");

  @TempDir private Path directory;

  @Test
  void aTriggerCallsTheFunctionOfASamTemplate() throws Exception {
    RequiredPrograms.skipWithout("python3");

    assertThat(replyInATrigger(SAM, "HelloWorldFunction"))
        .matches("\\{\"statusCode\": 200, \"body\": \"\\{.*hello world.*\\}\"\\}");
  }

  @Test
  void aTriggerCallsTheFunctionOfACdkApp() throws Exception {
    CdkApp.synthesize(directory.resolve("cdk.out"));

    assertThat(replyInATrigger(directory.resolve("cdk.out"), "shop-caller")).isEqualTo("\"hello\"");
  }

  private static String replyInATrigger(Path project, String function) throws SQLException {
    try (LambdaDatabase database = LambdaDatabase.withFunctions(project.toString());
        Connection connection = database.connect()) {
      Queries.execute(
          connection,
          "SET aws_lambda.request_timeout_ms = 30000",
          "CREATE TABLE orders (id int, reply json)",
          """
          CREATE FUNCTION call() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            SELECT payload INTO NEW.reply FROM aws_lambda.invoke('%s', to_json(NEW));
            RETURN NEW;
          END $$\
          """
              .formatted(function),
          "CREATE TRIGGER call BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION call()");
      return Queries.row(connection, "INSERT INTO orders VALUES (1) RETURNING reply");
    }
  }
}
