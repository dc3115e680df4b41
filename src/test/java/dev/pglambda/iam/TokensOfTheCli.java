package dev.pglambda.iam;

/**
 * What {@code generate_db_auth_token} of botocore 1.43.11, which is behind {@code aws rds
 * generate-db-auth-token}, makes of the keys of {@link TokenVerifierTest} when its clock says
 * 2026-11-22T23:50:00Z.
 */
final class TokensOfTheCli {
  static final String PERMANENT =
      "db.abc.eu-west-1.rds.amazonaws.com:5432/?Action=connect&DBUser=app"
          + "&X-Amz-Algorithm=AWS4-HMAC-SHA256"
          + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261122%2Feu-west-1%2Frds-db%2Faws4_request"
          + "&X-Amz-Date=20261122T235000Z"
          + "&X-Amz-Expires=900"
          + "&X-Amz-SignedHeaders=host"
          + "&X-Amz-Signature=b61e6c19a1f65309a5d42423708d8a88e3155272c7528496d0901744ac341722";

  static final String TEMPORARY =
      "db.abc.eu-west-1.rds.amazonaws.com:5432/?Action=connect&DBUser=app"
          + "&X-Amz-Algorithm=AWS4-HMAC-SHA256"
          + "&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20261122%2Feu-west-1%2Frds-db%2Faws4_request"
          + "&X-Amz-Date=20261122T235000Z"
          + "&X-Amz-Expires=900"
          + "&X-Amz-SignedHeaders=host"
          + "&X-Amz-Security-Token=FwoG%2BZt%2Fsession%3D%3Dtoken"
          + "&X-Amz-Signature=7c2f47387508f9ce62bf8328f7e4c23ad604d41681eee7484da9d9056bd23a7d";

  private TokensOfTheCli() {}
}
