import { type PlantedDefect, remove, set } from './defect.ts';

const certificateRule = ['CertificateFragmentRule', 'Properties'] as const;
const loadBalancerAttributes = ['LoadBalancer', 'Properties', 'LoadBalancerAttributes'] as const;

/** Mistakes in what stands between the Internet and the functions, and in the functions. */
export const entrance: readonly PlantedDefect[] = [
  {
    defect: 'HTTP/2 switched on',
    check: 'carefulLoadBalancer',
    plant: set([...loadBalancerAttributes, 1, 'Value'], 'true'),
    message: /routing.http2.enabled: "true", not false/,
  },
  {
    defect: 'a load balancer that passes on what two servers read differently',
    check: 'carefulLoadBalancer',
    plant: set([...loadBalancerAttributes, 0, 'Value'], 'monitor'),
    message: /routing.http.desync_mitigation_mode: "monitor", not defensive/,
  },
  {
    defect: 'a load balancer that refuses an empty header value',
    check: 'carefulLoadBalancer',
    plant: set([...loadBalancerAttributes, 0, 'Value'], 'strictest'),
    message: /routing.http.desync_mitigation_mode: "strictest", not defensive/,
  },
  {
    defect: 'a load balancer that gives up before a large object is complete',
    check: 'carefulLoadBalancer',
    plant: set([...loadBalancerAttributes, 2, 'Value'], '60'),
    message: /idle_timeout.timeout_seconds: "60", not 300/,
  },
  {
    defect: 'header names that nobody can read twice the same way',
    check: 'carefulLoadBalancer',
    plant: set([...loadBalancerAttributes, 3, 'Value'], 'false'),
    message: /drop_invalid_header_fields.enabled: "false", not true/,
  },
  {
    defect: 'requests that nobody logs',
    check: 'carefulLoadBalancer',
    plant: set([...loadBalancerAttributes, 4, 'Value'], 'false'),
    message: /access_logs.s3.enabled: "false", not true/,
  },
  {
    defect: 'a log in the bucket of uploads',
    check: 'carefulLoadBalancer',
    plant: set([...loadBalancerAttributes, 5, 'Value'], { Ref: 'UploadBucket' }),
    message: /access_logs.s3.bucket: not the bucket/,
  },
  {
    defect: 'a default action that invokes a function',
    check: 'https',
    plant: set(['Listener', 'Properties', 'DefaultActions', 0], {
      Type: 'forward',
      TargetGroupArn: { Ref: 'PingAlbTargetGroupListener' },
    }),
    message: /Listener: DefaultActions.0/,
  },
  {
    defect: 'a listener without TLS that nobody asked for',
    check: 'https',
    plant: set(['Listener', 'Properties', 'Protocol'], 'HTTP'),
    message: /Listener: HTTP, not HTTPS/,
  },
  {
    defect: 'TLS as it was in 2016',
    check: 'https',
    plant: set(['Listener', 'Properties', 'SslPolicy'], 'ELBSecurityPolicy-2016-08'),
    message: /allows outdated TLS/,
  },
  {
    defect: 'a function that outlasts the load balancer',
    check: 'soundFunctions',
    plant: set(['CloseSessionLambdaFunction', 'Properties', 'Timeout'], 300),
    message: /CloseSessionLambdaFunction: Timeout/,
  },
  {
    defect: 'a runtime that is no longer supported',
    check: 'soundFunctions',
    plant: set(['PingLambdaFunction', 'Properties', 'Runtime'], 'nodejs20.x'),
    message: /PingLambdaFunction: Runtime/,
  },
  {
    defect: 'a log that is kept for ever',
    check: 'soundFunctions',
    plant: remove(['PingLogGroup', 'Properties', 'RetentionInDays']),
    message: /PingLogGroup: keeps its lines for ever/,
  },
  {
    defect: 'a sweep that waits longer for a CLOSE than was written down',
    check: 'oneLifeOfSessions',
    plant: set(
      ['SweepLambdaFunction', 'Properties', 'Environment', 'Variables', 'CLOSE_GRACE_SECONDS'],
      '60',
    ),
    message: /SweepLambdaFunction: 60 s and 7776000 s, others 3600 s/,
  },
  {
    defect: 'certificates that nobody verifies',
    check: 'believedCertificates',
    plant: set(['CertificateListener', 'Properties', 'MutualAuthentication', 'Mode'], 'passthrough'),
    message: /CertificateListener: MutualAuthentication/,
  },
  {
    defect: 'expired certificates that pass',
    check: 'believedCertificates',
    plant: set(
      ['CertificateListener', 'Properties', 'MutualAuthentication', 'IgnoreClientCertificateExpiry'],
      true,
    ),
    message: /CertificateListener: MutualAuthentication/,
  },
  {
    defect: 'an open target group with a name that is believed',
    check: 'believedCertificates',
    plant: set(['FragmentAlbTargetGroupListener', 'Properties', 'Name'], 'mtls-dev-open'),
    message: /FragmentAlbTargetGroupListener: mtls-dev-open: believed true, behind the listener false/,
  },
  {
    defect: 'the first listener sending to a group of the second',
    check: 'believedCertificates',
    plant: set([...certificateRule, 'ListenerArn'], { Ref: 'Listener' }),
    message: /CertificateFragmentTargetGroup: mtls-dev-fragment: believed true, behind the listener false/,
  },
  {
    defect: 'a target group that hands over one copy of a header only',
    check: 'believedCertificates',
    plant: set(['CertificatePingTargetGroup', 'Properties', 'TargetGroupAttributes', 0, 'Value'], 'false'),
    message: /CertificatePingTargetGroup: hides/,
  },
  {
    defect: 'a function that does not know where certificates come from',
    check: 'believedCertificates',
    plant: remove(['PingLambdaFunction', 'Properties', 'Environment', 'Variables', 'MTLS_TARGET_GROUPS']),
    message: /PingLambdaFunction: does not know/,
  },
  {
    defect: 'a second listener without certificates',
    check: 'https',
    plant: remove(['CertificateListener', 'Properties', 'MutualAuthentication']),
    message: /2 listeners without certificates/,
  },
  {
    defect: "a firewall whose answer ends clients' jobs",
    check: 'patientFirewall',
    plant: set(['WebAcl', 'Properties', 'Rules', 0, 'Action', 'Block'], {}),
    message: /WebAcl: Rules\.0\.Action/,
  },
  {
    defect: 'a firewall that keeps tickets',
    check: 'patientFirewall',
    plant: set(['WebAcl', 'Properties', 'VisibilityConfig', 'SampledRequestsEnabled'], true),
    message: /WebAcl: VisibilityConfig/,
  },
  {
    defect: 'a firewall in front of nothing',
    check: 'patientFirewall',
    plant: remove(['WebAclAssociation']),
    message: /WebAcl: stands in front of nothing/,
  },
];
