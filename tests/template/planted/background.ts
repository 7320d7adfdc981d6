import { type PlantedDefect, remove, set } from './defect.ts';

const pipe = ['UploadEvents', 'Properties'] as const;
const pipeSource = [...pipe, 'SourceParameters'] as const;
const sweepSource = ['SweepEventSourceMappingDynamodbSessionTable', 'Properties'] as const;

/** Mistakes in what runs without a client: the sweep and the events. */
export const background: readonly PlantedDefect[] = [
  {
    defect: 'a sweep that is woken by every fragment',
    check: 'tirelessSweep',
    plant: remove([...sweepSource, 'FilterCriteria']),
    message: /FilterCriteria/,
  },
  {
    defect: 'a record that fails for ever, and all behind it',
    check: 'tirelessSweep',
    plant: remove([...sweepSource, 'MaximumRetryAttempts']),
    message: /MaximumRetryAttempts/,
  },
  {
    defect: 'a batch that fails as a whole for one record',
    check: 'tirelessSweep',
    plant: set([...sweepSource, 'BisectBatchOnFunctionError'], false),
    message: /BisectBatchOnFunctionError/,
  },
  {
    defect: 'files without a CLOSE that nobody publishes',
    check: 'tirelessSweep',
    plant: set(['SweepEventsRuleSchedule1', 'Properties', 'Targets', 0, 'Input'], '{"task":"orphans"}'),
    message: /nothing runs \{"task":"due"\}/,
  },
  {
    defect: 'a schedule that is switched off',
    check: 'tirelessSweep',
    plant: set(['SweepEventsRuleSchedule2', 'Properties', 'State'], 'DISABLED'),
    message: /nothing runs \{"task":"orphans"\}/,
  },
  {
    defect: 'events that are not sent at all',
    check: 'toldOutcomes',
    plant: remove(['UploadEvents']),
    message: /0 pipes/,
  },
  {
    defect: 'an event function that is asked for every fragment',
    check: 'toldOutcomes',
    plant: remove([...pipeSource, 'FilterCriteria']),
    message: /UploadEvents: SourceParameters.FilterCriteria/,
  },
  {
    defect: 'a filter by a field that a pipe cannot see',
    check: 'toldOutcomes',
    plant: set([...pipeSource, 'FilterCriteria', 'Filters', 0, 'Pattern'], '{"eventName":["INSERT"]}'),
    message: /cannot filter by eventName/,
  },
  {
    defect: 'an event that cannot be sent and is forgotten',
    check: 'toldOutcomes',
    plant: remove([...pipeSource, 'DynamoDBStreamParameters', 'DeadLetterConfig']),
    message: /DeadLetterConfig/,
  },
  {
    defect: 'a record that is tried until the stream has forgotten it',
    check: 'toldOutcomes',
    plant: set([...pipeSource, 'DynamoDBStreamParameters', 'MaximumRecordAgeInSeconds'], -1),
    message: /MaximumRecordAgeInSeconds/,
  },
  {
    defect: 'a batch that a bus does not take',
    check: 'toldOutcomes',
    plant: set([...pipeSource, 'DynamoDBStreamParameters', 'BatchSize'], 100),
    message: /BatchSize/,
  },
  {
    defect: 'undelivered events that are gone after four days',
    check: 'toldOutcomes',
    plant: remove(['UndeliveredEvents', 'Properties', 'MessageRetentionPeriod']),
    message: /UndeliveredEvents: MessageRetentionPeriod/,
  },
  {
    defect: 'a role that any pipe of anybody may take',
    check: 'toldOutcomes',
    plant: remove([
      'UploadEventsRole',
      'Properties',
      'AssumeRolePolicyDocument',
      'Statement',
      0,
      'Condition',
    ]),
    message: /UploadEventsRole: AssumeRolePolicyDocument/,
  },
];
