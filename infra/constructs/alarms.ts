import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Api } from './api.ts'
import type { Functions } from './functions.ts'
import type { Workflow } from './workflow.ts'

interface AlarmsProps {
  readonly api: Api
  readonly functions: Functions
  readonly workflow: Workflow
  readonly queues: readonly { readonly deadLetters: Queue }[]
}

export class Alarms extends Construct {
  constructor(scope: Construct, _: AlarmsProps) {
    super(scope, 'Alarms')
  }
}
