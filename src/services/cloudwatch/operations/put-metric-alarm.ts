import type { PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import { Constraints } from '../../constraints.ts';
import type { Call } from '../../service.ts';
import { checkedTags } from '../../tag-list.ts';
import { readActions, refuseOwned } from '../alarms/actions.ts';
import { maxAlarms, putConfiguration, roomForAlarms } from '../alarms/changes.ts';
import { uncheckedReason } from '../alarms/reasons.ts';
import type { CloudWatchContext } from '../context.ts';
import {
  invalidCombination,
  invalidValue,
  limitExceeded,
  missingParameter,
  unsupported,
  validationError,
} from '../errors.ts';
import { percentileOf, simpleStatistics } from '../metrics/statistics.ts';
import {
  type AlarmRecord,
  alarmKey,
  alarms,
  type ComparisonOperator,
  comparisonOperators,
  missingDataTreatments,
} from '../records.ts';
import { checkStatistic, checkUnit, metricOf, periodMsOf } from './metric-input.ts';

const daySeconds = 24 * 60 * 60;

/** Creates an alarm, or configures the one of this name wholly anew; its state stays until it is evaluated. */
export async function putMetricAlarm(
  { state }: CloudWatchContext,
  input: PutMetricAlarmCommandInput,
  call: Call,
): Promise<object> {
  const configuration = { ...configurationOf(input), actions: readActions(call, input) };
  await state.transact((tx) => {
    const key = alarmKey(call, configuration.name);
    const before = tx.get(alarms, key);
    if (before !== undefined) refuseOwned(before);
    else if (roomForAlarms(tx, call) === 0) throw limitExceeded(`There can be at most ${maxAlarms} alarms.`);
    putConfiguration(tx, call, before, {
      ...configuration,
      configurationUpdatedAt: call.now,
      // Tags are those of the creation; later they change by TagResource alone.
      tags: before?.tags ?? checkedTags(input.Tags ?? [], validationError),
      state: before?.state ?? {
        value: 'INSUFFICIENT_DATA',
        reason: uncheckedReason,
        updatedAt: call.now,
        transitionedAt: call.now,
      },
    });
  });
  return {};
}

type Configuration = Omit<AlarmRecord, 'configurationUpdatedAt' | 'tags' | 'state' | 'actions' | 'owner'>;

function configurationOf(input: PutMetricAlarmCommandInput): Configuration {
  refuseWhatIsNotBuilt(input);
  new Constraints(validationError)
    .text('alarmName', input.AlarmName, { isRequired: true, minLength: 1, maxLength: 255 })
    .text('alarmDescription', input.AlarmDescription, { maxLength: 1024 })
    .text('comparisonOperator', input.ComparisonOperator, { isRequired: true, oneOf: comparisonOperators })
    .number('evaluationPeriods', input.EvaluationPeriods, { min: 1 })
    .number('datapointsToAlarm', input.DatapointsToAlarm, { min: 1 })
    .throwIfViolated();
  const { EvaluationPeriods, DatapointsToAlarm, Threshold, Period, Unit } = input;
  if (Period === undefined) throw missingParameter('Period');
  if (EvaluationPeriods === undefined) throw missingParameter('EvaluationPeriods');
  if (Threshold === undefined) throw missingParameter('Threshold');
  if (!Number.isInteger(EvaluationPeriods)) throw invalidValue('EvaluationPeriods must be a whole number.');
  if (DatapointsToAlarm !== undefined && !Number.isInteger(DatapointsToAlarm))
    throw invalidValue('DatapointsToAlarm must be a whole number.');
  if (DatapointsToAlarm !== undefined && DatapointsToAlarm > EvaluationPeriods) {
    throw validationError('DatapointsToAlarm must be less than or equal to EvaluationPeriods.');
  }
  const periodSeconds = periodMsOf('Period', Period) / 1000;
  const maxSeconds = periodSeconds >= 3600 ? 7 * daySeconds : daySeconds;
  if (periodSeconds * EvaluationPeriods > maxSeconds) {
    throw validationError(
      `Metrics cannot be checked across more than ${maxSeconds === daySeconds ? 'a day' : 'a week'} ` +
        '(EvaluationPeriods * Period must be <= ' +
        `${maxSeconds}).`,
    );
  }
  checkUnit('Unit', Unit);
  return {
    name: input.AlarmName ?? '',
    ...(input.AlarmDescription === undefined ? {} : { description: input.AlarmDescription }),
    actionsEnabled: input.ActionsEnabled ?? true,
    metric: metricOf(input),
    statistic: statisticOf(input),
    periodSeconds,
    ...(Unit === undefined ? {} : { unit: Unit }),
    evaluationPeriods: EvaluationPeriods,
    ...(DatapointsToAlarm === undefined ? {} : { datapointsToAlarm: DatapointsToAlarm }),
    threshold: Threshold,
    comparisonOperator: operatorOf(input.ComparisonOperator),
    ...missingDataOf(input),
  };
}

function statisticOf({ Statistic, ExtendedStatistic }: PutMetricAlarmCommandInput): string {
  if (Statistic !== undefined && ExtendedStatistic !== undefined) {
    throw invalidCombination('Statistic and ExtendedStatistic are mutually exclusive: specify one of them.');
  }
  const statistic = Statistic ?? ExtendedStatistic;
  if (statistic === undefined) throw missingParameter('Statistic or ExtendedStatistic');
  checkStatistic(Statistic === undefined ? 'ExtendedStatistic' : 'Statistic', statistic);
  if (Statistic !== undefined && !simpleStatistics.some((name) => name === statistic))
    throw invalidValue(`The value ${statistic} for parameter Statistic is not supported.`);
  return statistic;
}

function missingDataOf(
  input: PutMetricAlarmCommandInput,
): Pick<AlarmRecord, 'treatMissingData' | 'evaluateLowSampleCountPercentile'> {
  const { TreatMissingData, EvaluateLowSampleCountPercentile: lowSamples, ExtendedStatistic } = input;
  const treatMissingData = missingDataTreatments.find((known) => known === TreatMissingData);
  if (TreatMissingData !== undefined && treatMissingData === undefined) {
    throw validationError(`Option '${TreatMissingData}' is not recognised for TreatMissingData.`);
  }
  if (lowSamples !== undefined && lowSamples !== 'evaluate' && lowSamples !== 'ignore')
    throw validationError(`Option '${lowSamples}' is not recognised for EvaluateLowSampleCountPercentile.`);
  if (lowSamples !== undefined && percentileOf(ExtendedStatistic ?? '') === undefined)
    throw invalidCombination(
      'EvaluateLowSampleCountPercentile is only allowed together with a percentile as ExtendedStatistic.',
    );
  return {
    ...(treatMissingData === undefined ? {} : { treatMissingData }),
    ...(lowSamples === undefined ? {} : { evaluateLowSampleCountPercentile: lowSamples }),
  };
}

function operatorOf(operator: string | undefined): ComparisonOperator {
  const known = comparisonOperators.find((each) => each === operator);
  if (known === undefined) throw invalidValue(`The ComparisonOperator ${operator} is not known.`);
  return known;
}

const anomalyOperators = /^(LessThanLowerOr)?GreaterThanUpperThreshold$|^LessThanLowerThreshold$/;

function refuseWhatIsNotBuilt(input: PutMetricAlarmCommandInput): void {
  if (input.Metrics !== undefined && input.Metrics.length > 0)
    throw unsupported('Alarms on metric math expressions (Metrics) are');
  if (input.ThresholdMetricId !== undefined || anomalyOperators.test(input.ComparisonOperator ?? ''))
    throw unsupported('Alarms on anomaly detection are');
  for (const name of [
    'EvaluationWindow',
    'WarmUpConfiguration',
    'EvaluationCriteria',
    'EvaluationInterval',
    'ActionConfiguration',
  ] as const) {
    if (input[name] !== undefined) throw unsupported(`The parameter ${name} is`);
  }
}
