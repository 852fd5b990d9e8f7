import { CfnCondition, CfnOutput, CfnParameter, CfnRule, Fn } from 'aws-cdk-lib'
import { CfnApiMapping, CfnDomainName, type HttpApi, type HttpStage } from 'aws-cdk-lib/aws-apigatewayv2'
import { Construct } from 'constructs'

/** A domain of the API by which agents alone come, each with a certificate, as parameters: none, unless whoever deploys names one. */
export class AgentDomain extends Construct {
  /** Its name; empty: agents come by the address of the API. */
  readonly name: string
  readonly #certificate: string
  readonly #truststore: string
  readonly #truststoreVersion: string
  readonly #any: CfnCondition

  constructor(scope: Construct) {
    super(scope, 'AgentDomain')
    this.name = parameter(this, 'AgentDomain', {
      description:
        'Domain by which agents ask, each with a certificate of its own; by any other way they are let in no more. Empty: they ask by the address of the API, without',
      pattern: '([A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)*)?',
      expected: 'A name as agents.example.com.',
    })
    this.#certificate = parameter(this, 'AgentCertificate', {
      description: 'ARN of the certificate of that domain, in Certificate Manager; needed with AgentDomain',
      pattern: '(arn:aws[a-z-]*:acm:[^:]+:[^:]+:certificate/.+)?',
      expected: 'An ARN as arn:aws:acm:….',
    })
    this.#truststore = parameter(this, 'AgentTruststore', {
      description:
        'File in S3 with the authorities, as PEM, whose certificates agents have: s3://bucket/key; needed with AgentDomain',
      pattern: '(s3://[^/]+/.+)?',
      expected: 'A place as s3://bucket/authorities.pem.',
    })
    this.#truststoreVersion = parameter(this, 'AgentTruststoreVersion', {
      description:
        'Version of that file: what others put in its place counts for nothing; needed with AgentDomain',
      pattern: '.*',
      expected: 'The id of a version.',
    })
    needs(this, 'AgentDomainNeedsItsFiles', this.name, {
      'With AgentDomain, AgentCertificate has to name its certificate.': this.#certificate,
      'With AgentDomain, AgentTruststore has to say whose certificates agents have.': this.#truststore,
      'With AgentDomain, AgentTruststoreVersion has to say which version of that file counts.':
        this.#truststoreVersion,
    })
    this.#any = new CfnCondition(this, 'HasAgentDomain', {
      expression: Fn.conditionNot(Fn.conditionEquals(this.name, '')),
    })
    this.#any.overrideLogicalId('HasAgentDomain')
  }

  /** Leads the domain to the API, where one is named. */
  leadTo(api: HttpApi, stage: HttpStage): void {
    const domain = new CfnDomainName(this, 'Name', {
      domainName: this.name,
      domainNameConfigurations: [
        // The highest floor that the gateway has; it speaks TLS 1.3 with who insists on it, as agents do.
        { certificateArn: this.#certificate, endpointType: 'REGIONAL', securityPolicy: 'TLS_1_2' },
      ],
      mutualTlsAuthentication: {
        truststoreUri: this.#truststore,
        truststoreVersion: this.#truststoreVersion,
      },
    })
    // Where the domain is made the parameter is an ARN, as the rule says: its empty default is for stacks without.
    domain.addMetadata('cfn-lint', { config: { ignore_checks: ['W1030'] } })
    const mapping = new CfnApiMapping(this, 'Mapping', {
      apiId: api.apiId,
      domainName: domain.ref,
      stage: stage.stageName,
    })
    // Its name is a text, which says nothing of what has to be there first.
    mapping.node.addDependency(stage)
    for (const one of [domain, mapping]) one.cfnOptions.condition = this.#any
    new CfnOutput(this, 'LeadsTo', {
      description: 'What the DNS record (CNAME) of AgentDomain has to name',
      value: domain.attrRegionalDomainName,
      condition: this.#any,
    })
  }
}

function parameter(
  scope: Construct,
  name: string,
  {
    description,
    pattern,
    expected,
  }: { readonly description: string; readonly pattern: string; readonly expected: string },
): string {
  const created = new CfnParameter(scope, `${name}Parameter`, {
    type: 'String',
    description,
    default: '',
    allowedPattern: pattern,
    constraintDescription: expected,
  })
  created.overrideLogicalId(name)
  return created.valueAsString
}

/** Refuses one parameter without others, before anything is made. */
function needs(scope: Construct, name: string, one: string, others: Readonly<Record<string, string>>): void {
  const given = (value: string) => Fn.conditionNot(Fn.conditionEquals(value, ''))
  const rule = new CfnRule(scope, name, {
    ruleCondition: given(one),
    assertions: Object.entries(others).map(([assertDescription, other]) => ({
      assert: given(other),
      assertDescription,
    })),
  })
  rule.overrideLogicalId(name)
}
