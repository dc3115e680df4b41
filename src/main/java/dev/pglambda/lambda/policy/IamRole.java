package dev.pglambda.lambda.policy;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The role that calls functions.
 *
 * @param arn for example {@code arn:aws:iam::444455556666:role/rds-lambda-role}
 * @param partition for example {@code aws}
 * @param account twelve digits
 * @param name without its path
 */
public record IamRole(String arn, String partition, String account, String name) {

  /** The role that AWS's guide for RDS makes and attaches to the database's instance. */
  public static final String GUIDES_NAME = "rds-lambda-role";

  /** The proxy's name of the sessions of roles that it assumes. */
  private static final String SESSION = "pg-lambda-proxy";

  private static final Pattern ARN =
      Pattern.compile(
          "arn:(?<partition>aws[a-zA-Z-]*):iam::(?<account>\\d{12}):role/([!-~]*/)?"
              + "(?<name>[\\w+=,.@-]{1,64})");

  /** The role of this ARN; empty: it is none. */
  public static Optional<IamRole> parse(String arn) {
    Matcher parts = ARN.matcher(arn);
    return parts.matches()
        ? Optional.of(
            new IamRole(arn, parts.group("partition"), parts.group("account"), parts.group("name")))
        : Optional.empty();
  }

  /** The role of calls for which none is set: the guide's. */
  public static IamRole ofGuide(String partition, String account) {
    String arn = "arn:%s:iam::%s:role/%s".formatted(partition, account, GUIDES_NAME);
    return new IamRole(arn, partition, account, GUIDES_NAME);
  }

  /** ARN of who calls, as AWS prints it of a role that was assumed. */
  public String principal() {
    return "arn:%s:sts::%s:assumed-role/%s/%s".formatted(partition, account, name, SESSION);
  }
}
