package dev.pglambda.lambda.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.lambda.FunctionReference;
import dev.pglambda.lambda.InvocationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PoliciesTest {
  /** As AWS's guide for RDS prints it, step 2. */
  private static final String GUIDES_POLICY =
      """
      {
          "Version": "2012-10-17",
          "Statement": [
              {
              "Sid": "AllowAccessToExampleFunction",
              "Effect": "Allow",
              "Action": "lambda:InvokeFunction",
              "Resource": "arn:aws:lambda:aws-region:444455556666:function:my-function"
              }
          ]
      }
      """;

  private static final String GUIDES_TRUST =
      """
      {
          "Version": "2012-10-17",
          "Statement": [
              {
              "Effect": "Allow",
              "Principal": {
                  "Service": "rds.amazonaws.com"
              },
              "Action": "sts:AssumeRole"
              }
          ]
      }
      """;

  @TempDir Path folder;

  private static String allowing(String resource) {
    return """
        {"Version": "2012-10-17", "Statement":
         {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "%s"}}
        """
        .formatted(resource);
  }

  private Path file(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private static FunctionReference function(String account, String name) {
    return new FunctionReference("aws", "eu-west-1", account, name, null);
  }

  private static FunctionReference function(String name) {
    return function(FunctionReference.ACCOUNT, name);
  }

  private static String message(@Nullable InvocationException refusal) {
    assertThat(refusal).isNotNull();
    return String.valueOf(refusal.getMessage());
  }

  @Test
  void readTheDocumentsOfTheGuideAsTheyArePrinted() throws Exception {
    file("rds-lambda-policy.json", GUIDES_POLICY);
    file("trust-policy.json", GUIDES_TRUST);

    Policies policies = Policies.read(List.of(folder));

    assertThat(policies.refusal(function("my-function"), null)).isNull();
    assertThat(message(policies.refusal(function("other"), null)))
        .isEqualTo(
            "User: arn:aws:sts::444455556666:assumed-role/rds-lambda-role/pg-lambda-proxy is not"
                + " authorized to perform: lambda:InvokeFunction on resource:"
                + " arn:aws:lambda:eu-west-1:444455556666:function:other because no identity-based"
                + " policy allows the lambda:InvokeFunction action");
  }

  @Test
  void denyInTheWordsOfAwsWhateverIsAllowed() throws Exception {
    Path allow = file("allow.json", allowing("*"));
    Path deny =
        file(
            "deny.json",
            """
            {"Version": "2012-10-17", "Statement": [
             {"Effect": "Deny", "Action": "lambda:*", "Resource": "arn:aws:lambda:*:*:function:*:live"}]}
            """);

    Policies policies = Policies.read(List.of(allow, deny));

    FunctionReference live =
        new FunctionReference("aws", "eu-west-1", "111122223333", "orders", "live");
    assertThat(message(policies.refusal(live, null)))
        .isEqualTo(
            "User: arn:aws:sts::000000000000:assumed-role/rds-lambda-role/pg-lambda-proxy is not"
                + " authorized to perform: lambda:InvokeFunction on resource:"
                + " arn:aws:lambda:eu-west-1:111122223333:function:orders:live with an explicit"
                + " deny in an identity-based policy");
    assertThat(policies.refusal(function("orders"), null)).isNull();
  }

  @Test
  void belongToTheRoleWhoseNameTheFolderHas() throws Exception {
    file("own.json", allowing("arn:aws:lambda:*:*:function:orders"));
    file("billing-role/a.json", allowing("arn:aws:lambda:*:*:function:billing"));
    file("billing-role/b.json", allowing("arn:aws:lambda:*:*:function:refunds"));
    Policies policies = Policies.read(List.of(folder));

    String role = "arn:aws:iam::111122223333:role/service/billing-role";

    assertThat(policies.refusal(function("billing"), role)).isNull();
    assertThat(policies.refusal(function("refunds"), role)).isNull();
    assertThat(message(policies.refusal(function("orders"), role)))
        .startsWith("User: arn:aws:sts::111122223333:assumed-role/billing-role/pg-lambda-proxy is");
    assertThat(policies.refusal(function("orders"), null)).isNull();
    assertThat(policies.refusal(function("billing"), null)).isNotNull();
  }

  @Test
  void letARoleWithoutPoliciesCallNothing() throws Exception {
    Policies policies = Policies.read(List.of(file("own.json", allowing("*"))));

    assertThat(message(policies.refusal(function("orders"), "arn:aws:iam::111122223333:role/x")))
        .contains("assumed-role/x/", "because no identity-based policy allows");
  }

  @Test
  void placeAFunctionThatIsNamedWithoutAnAccountInThatOfTheRole() throws Exception {
    String role = "arn:aws:iam::111122223333:role/orders-role";
    file("orders-role/p.json", allowing("arn:aws:lambda:*:111122223333:function:*"));
    Policies policies = Policies.read(List.of(folder));

    assertThat(policies.refusal(function("orders"), role)).isNull();
    assertThat(message(policies.refusal(function("444455556666", "orders"), role)))
        .contains("on resource: arn:aws:lambda:eu-west-1:444455556666:function:orders because");
  }

  @Test
  void placeItInTheAccountThatTheyNameFirstIfThereIsNoRole() throws Exception {
    file("a.json", allowing("arn:aws:lambda:*:444455556666:function:orders"));
    file("b.json", allowing("arn:aws:lambda:*:111122223333:function:billing"));
    Policies policies = Policies.read(List.of(folder));

    assertThat(policies.refusal(function("orders"), null)).isNull();
    assertThat(policies.refusal(function("billing"), null)).isNotNull();
    assertThat(policies.refusal(function("111122223333", "billing"), null)).isNull();
  }

  @Test
  void nameThePrincipalInTheFunctionsPartition() throws Exception {
    Policies policies =
        Policies.read(
            List.of(file("p.json", allowing("arn:aws-cn:lambda:*:444455556666:function:f"))));

    FunctionReference other =
        new FunctionReference("aws-cn", "cn-north-1", FunctionReference.ACCOUNT, "g", null);

    assertThat(message(policies.refusal(other, null)))
        .startsWith("User: arn:aws-cn:sts::444455556666:assumed-role/rds-lambda-role/");
  }

  @Test
  void refuseARoleThatIsNone() throws Exception {
    Policies policies = Policies.read(List.of(file("p.json", allowing("*"))));

    assertThat(message(policies.refusal(function("f"), "arn:aws:iam::1:user/me")))
        .isEqualTo("role: arn:aws:iam::1:user/me (expected: arn:aws:iam::<account>:role/<name>)");
  }

  @Test
  void readOnlyWhatIsNamedJsonInAFolder() throws Exception {
    file("p.json", allowing("*"));
    file("attach.sh", "aws iam attach-role-policy --role-name rds-lambda-role");
    file(".hidden.json", "no JSON");
    file(".git/config.json", "no JSON");

    assertThat(Policies.read(List.of(folder)).refusal(function("f"), null)).isNull();
  }

  @Test
  void doNotLookAtStatementsOfOtherServices() throws Exception {
    Path file =
        file(
            "p.json",
            """
            {"Version": "2012-10-17", "Id": "rds", "Statement": [
             {"Sid": "S3", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::${aws:username}",
              "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}},
             {"Effect": "Allow", "Action": "*", "Resource": "*"}]}
            """);

    assertThat(Policies.read(List.of(file)).refusal(function("f"), null)).isNull();
  }

  @Test
  void haveNoVariablesInTheOldVersion() throws Exception {
    String text = allowing("arn:aws:lambda:*:*:function:${aws:username}");
    Path dated = file("dated.json", text.replace("2012-10-17", "2008-10-17"));
    Path undated = file("undated.json", text.replace("\"Version\": \"2012-10-17\", ", ""));

    Policies policies = Policies.read(List.of(dated, undated));

    assertThat(policies.refusal(function("${aws:username}"), null)).isNull();
    assertThat(policies.refusal(function("f"), null)).isNotNull();
  }

  @Test
  void sayWhereAFileIsNotJson() throws Exception {
    refused("{\n\"Version\": \"2012-10-17\",\n}", "line 3: ");
    refused("{\"Version\": \"2012-10-17\",\n\"Version\": \"2012-10-17\"}", "line 2: Duplicate");
    refused(allowing("*") + "{}", "line 3: Trailing token");
  }

  @Test
  void sayWhatADocumentLacks() throws Exception {
    refused("[]", "[] (expected: an object)");
    refused("{}", "not all there (expected: Statement)");
    refused("{\"Statement\": [{}]}", "Statement[0]: not all there (expected: Effect)");
    refused(
        "{\"Statement\": {\"Effect\": \"Allow\"}}", "Statement: not all there (expected: Action");
    refused(
        allowing("*").replace("2012", "2013"),
        "Version: \"2013-10-17\" (expected: 2012-10-17 or 2008-10-17)");
    refused(
        "{\"Policy\": {\"PolicyName\": \"p\"}}",
        "Policy: not supported (expected: Version, Id, Statement)");
  }

  @Test
  void needATrustPolicyToTrustRds() throws Exception {
    refused(
        GUIDES_TRUST.replace("rds.", "ec2."),
        "Statement: [{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"ec2.amazonaws.com\"},"
            + "\"Action\":\"sts:AssumeRole\"}] (expected: one that allows rds.amazonaws.com to"
            + " sts:AssumeRole)");
    refused(GUIDES_TRUST.replace("Allow", "Deny"), "Statement: [");
    refused(GUIDES_TRUST.replace("AssumeRole", "TagSession"), "Statement: [");
  }

  private void refused(String text, String error) throws IOException {
    Path file = file("refused.json", text);
    assertThatThrownBy(() -> Policies.read(List.of(file)))
        .isInstanceOf(PolicyException.class)
        .hasMessageStartingWith(file + ": " + error);
  }

  @Test
  void takeATrustPolicyForNoPolicy() throws Exception {
    file("trust-policy.json", GUIDES_TRUST);

    assertThatThrownBy(() -> Policies.read(List.of(folder)))
        .isInstanceOf(PolicyException.class)
        .hasMessage("[" + folder + "]: no policy of a role (expected: at least one *.json)");
  }

  @Test
  void areThere() {
    Path nowhere = folder.resolve("nowhere.json");

    assertThatThrownBy(() -> Policies.read(List.of(nowhere)))
        .isInstanceOf(PolicyException.class)
        .hasMessageContainingAll(nowhere.toString(), "NoSuchFileException", "a readable file");
  }
}
