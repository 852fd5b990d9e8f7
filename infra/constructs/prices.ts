/**
 * What AWS charges on demand in us-east-1, in US dollars. Not looked up for every release: check a figure against the page named with it
 * before it is quoted. Free tiers are left out, and so are storage, alarms and keys, which do not grow with upgrades.
 */
export const prices = {
  /** DynamoDB, standard table class: https://aws.amazon.com/dynamodb/pricing/on-demand/ */
  writeRequestUnit: 0.625 / 1e6,
  readRequestUnit: 0.125 / 1e6,
  /** Lambda on arm64: https://aws.amazon.com/lambda/pricing/ */
  lambdaRequest: 0.2 / 1e6,
  lambdaGigabyteSecond: 0.0000133334,
  /** API Gateway, HTTP API: https://aws.amazon.com/api-gateway/pricing/ */
  httpRequest: 1 / 1e6,
  /** Step Functions, standard: https://aws.amazon.com/step-functions/pricing/ */
  stateTransition: 25 / 1e6,
  /** EventBridge, custom events: https://aws.amazon.com/eventbridge/pricing/ */
  busEvent: 1 / 1e6,
  /** CloudWatch Logs, ingestion: https://aws.amazon.com/cloudwatch/pricing/ */
  loggedByte: 0.5 / 1e9,
} as const
