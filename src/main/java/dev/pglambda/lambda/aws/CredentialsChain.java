package dev.pglambda.lambda.aws;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProviderChain;
import software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.auth.credentials.SystemPropertyCredentialsProvider;
import software.amazon.awssdk.auth.credentials.WebIdentityTokenFileCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.auth.StsAssumeRoleCredentialsProvider;
import software.amazon.awssdk.services.sts.model.StsException;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/** Which credentials provider the proxy uses. Building one may block. */
final class CredentialsChain {
  private static final Logger log = LoggerFactory.getLogger(CredentialsChain.class);

  private CredentialsChain() {}

  /**
   * The SDK's default chain, which a profile that needs a sign-in ends; before an endpoint that is
   * not AWS, the same with dummy credentials at its end, since such endpoints read the region from
   * the signature but check nothing. A profile, if one is given, takes the place of all that. A
   * role, if one is given, is assumed with those credentials at the region's STS endpoint.
   */
  static AwsCredentialsProvider create(
      @Nullable String profile,
      @Nullable String roleArn,
      String region,
      boolean foreignEndpoint,
      AwsEnvironment environment) {
    AwsCredentialsProvider own =
        profile != null
            ? new SignedIn(null, ProfileCredentialsProvider.create(profile), environment)
            : foreignEndpoint ? new OrDummy(withoutInstanceMetadata()) : own(environment, true);
    return roleArn == null ? own : new AssumedRole(own, roleArn, region);
  }

  /** The SDK's default chain, with or without its last link; a profile with a sign-in ends it. */
  static AwsCredentialsProvider own(AwsEnvironment environment, boolean instanceMetadata) {
    if (environment.signInCommand() != null) {
      return new SignedIn(
          beforeProfile().build(), ProfileCredentialsProvider.create(), environment);
    }
    return instanceMetadata
        ? DefaultCredentialsProvider.builder().asyncCredentialUpdateEnabled(true).build()
        : withoutInstanceMetadata();
  }

  /** The default chain but its last link, which takes seconds to find out that it is not on EC2. */
  private static AwsCredentialsProviderChain withoutInstanceMetadata() {
    return beforeProfile()
        .addCredentialsProvider(ProfileCredentialsProvider.create())
        .addCredentialsProvider(ContainerCredentialsProvider.builder().build())
        .build();
  }

  private static AwsCredentialsProviderChain.Builder beforeProfile() {
    return AwsCredentialsProviderChain.builder()
        .addCredentialsProvider(SystemPropertyCredentialsProvider.create())
        .addCredentialsProvider(EnvironmentVariableCredentialsProvider.create())
        .addCredentialsProvider(WebIdentityTokenFileCredentialsProvider.builder().build());
  }

  /**
   * What is before the profile in the chain, else the profile, as the AWS CLI does it: an expired
   * sign-in is told, and the instance metadata service is not waited for.
   */
  private static final class SignedIn implements AwsCredentialsProvider, SdkAutoCloseable {
    private final @Nullable AwsCredentialsProviderChain before;
    private final ProfileCredentialsProvider profile;
    private final AwsEnvironment environment;

    SignedIn(
        @Nullable AwsCredentialsProviderChain before,
        ProfileCredentialsProvider profile,
        AwsEnvironment environment) {
      this.before = before;
      this.profile = profile;
      this.environment = environment;
    }

    @Override
    public AwsCredentials resolveCredentials() {
      try {
        if (before != null) {
          return before.resolveCredentials();
        }
      } catch (SdkClientException none) {
        // then the profile
      }
      return ofProfile();
    }

    private AwsCredentials ofProfile() {
      try {
        return profile.resolveCredentials();
      } catch (StsException refused) {
        throw refused; // by the sign-in's role, which is there
      } catch (RuntimeException failure) {
        String command = environment.signInCommand();
        throw command == null ? failure : new SignInException(command, failure);
      }
    }

    @Override
    public void close() {
      if (before != null) {
        before.close();
      }
      profile.close();
    }
  }

  private static final class OrDummy implements AwsCredentialsProvider, SdkAutoCloseable {
    private static final AwsCredentials DUMMY = AwsBasicCredentials.create("test", "test");

    private final AwsCredentialsProviderChain chain;
    private boolean told;

    OrDummy(AwsCredentialsProviderChain chain) {
      this.chain = chain;
    }

    @Override
    public AwsCredentials resolveCredentials() {
      try {
        return chain.resolveCredentials();
      } catch (SdkClientException none) {
        if (!told) {
          told = true;
          log.info("No AWS credentials found: the endpoint gets the dummy credentials test/test");
        }
        return DUMMY;
      }
    }

    @Override
    public void close() {
      chain.close();
    }
  }

  private static final class AssumedRole implements AwsCredentialsProvider, SdkAutoCloseable {
    private final StsClient sts;
    private final StsAssumeRoleCredentialsProvider role;

    AssumedRole(AwsCredentialsProvider own, String roleArn, String region) {
      this.sts = StsClient.builder().region(Region.of(region)).credentialsProvider(own).build();
      this.role =
          StsAssumeRoleCredentialsProvider.builder()
              .stsClient(sts)
              .refreshRequest(
                  request -> request.roleArn(roleArn).roleSessionName("pg-lambda-proxy"))
              .asyncCredentialUpdateEnabled(true)
              .build();
    }

    @Override
    public AwsCredentials resolveCredentials() {
      return role.resolveCredentials();
    }

    /** Closes what signed the requests to STS, too. */
    @Override
    public void close() {
      role.close();
      sts.close();
    }
  }
}
