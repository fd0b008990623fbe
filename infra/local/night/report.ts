import { DateTime } from 'luxon';
import type { Story } from './story.ts';
import { shortDigest, shown } from './terminal.ts';

/** The night as one HTML page: no script, no request, pictures as SVG drawn here. */

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const localTime = (story: Story, at: number, format = 'HH:mm'): string =>
  DateTime.fromMillis(at, { zone: story.timeZone }).toFormat(format);

interface ChartOptions {
  readonly option: object;
  readonly height: number;
}

/** Draws a chart on the server side; echarts is loaded only here, for it takes a third of a second. */
const drawCharts = async (charts: readonly ChartOptions[]): Promise<string[]> => {
  const echarts = await import('echarts');
  return charts.map(({ option, height }) => {
    const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 1080, height });
    chart.setOption({ animation: false, ...option });
    const svg = chart.renderToSVGString();
    chart.dispose();
    return svg;
  });
};

const sizesChart = (story: Story): ChartOptions => ({
  height: 360,
  option: {
    title: { text: 'Running instances of each node group', left: 'center' },
    legend: { bottom: 0 },
    grid: { top: 60, left: 50, right: 30, bottom: 60 },
    xAxis: {
      type: 'value',
      min: story.startedAt,
      max: story.endedAt,
      interval: 3_600_000,
      axisLabel: { formatter: (at: number) => localTime(story, at) },
    },
    yAxis: { type: 'value', minInterval: 1, name: 'instances' },
    series: story.sizes.map(({ group, points }) => ({
      name: group,
      type: 'line',
      step: 'end',
      symbol: 'none',
      data: points.map(([at, size]) => [at, size]),
    })),
  },
});

const drainsChart = (story: Story): ChartOptions => {
  const seconds = (from: number, to: number | undefined) =>
    to === undefined ? 0 : Math.round((to - from) / 100) / 10;
  return {
    height: 120 + story.drains.length * 40,
    option: {
      title: { text: 'Interrupted nodes: seconds from the notice to empty', left: 'center' },
      grid: { top: 50, left: 260, right: 60, bottom: 40 },
      xAxis: { type: 'value', name: 's', max: 120 },
      yAxis: {
        type: 'category',
        inverse: true,
        data: story.drains.map(({ node, heldBy }) =>
          heldBy.length === 0 ? node : `${node}\nheld by ${heldBy.join(', ')}`,
        ),
      },
      series: [
        {
          type: 'bar',
          label: { show: true, position: 'right', formatter: '{c} s' },
          data: story.drains.map(({ noticeAt, emptyAt, heldBy }) => ({
            value: seconds(noticeAt, emptyAt),
            itemStyle: { color: heldBy.length === 0 ? '#3b82f6' : '#d97706' },
          })),
        },
      ],
    },
  };
};

const timelineRows = (story: Story): string =>
  story.lines
    .map(({ at, automation, text, verdict }) => {
      const quiet = verdict?.action === 'none' || verdict?.action === 'deferred' ? ' class="quiet"' : '';
      const cells = [
        localTime(story, at, 'ccc HH:mm:ss'),
        automation ?? '',
        verdict === undefined ? text : shortDigest(`${verdict.cluster ?? ''} ${verdict.target}`.trim()),
        verdict?.action ?? '',
        verdict?.reason ?? '',
        shown(verdict?.detail),
      ];
      return `<tr${quiet}>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
    })
    .join('\n');

const expectationRows = (story: Story): string =>
  story.expectations
    .map(
      ({ automation, text, met, found }) =>
        `<tr class="${met ? 'met' : 'unmet'}"><td>${met ? 'met' : 'NOT MET'}</td><td>${automation}</td><td>${escapeHtml(text)}</td><td>${escapeHtml(met ? '' : found)}</td></tr>`,
    )
    .join('\n');

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:1100px;padding:0 1rem;color:#1f2937}
h1,h2{line-height:1.2}svg{max-width:100%;height:auto}table{border-collapse:collapse;width:100%;font-size:13px}
td,th{border-bottom:1px solid #e5e7eb;padding:.25rem .5rem;text-align:left;vertical-align:top}
.timeline{table-layout:fixed}.timeline td{overflow-wrap:anywhere}.timeline td:last-child{color:#4b5563}.timeline th:nth-child(1){width:8%}.timeline th:nth-child(2){width:14%}.timeline th:nth-child(3){width:26%}.timeline th:nth-child(4){width:9%}.timeline th:nth-child(5){width:13%}.quiet{color:#9ca3af}.met td:first-child{color:#15803d;font-weight:600}
.unmet td:first-child{color:#b91c1c;font-weight:600}`;

export const renderReport = async (story: Story): Promise<string> => {
  const [sizes = '', drains = ''] = await drawCharts([sizesChart(story), drainsChart(story)]);
  const unmet = story.expectations.filter(({ met }) => !met).length;
  const sum =
    unmet === 0 ? 'Everything came out as the drawn world demands.' : `${unmet} expectation(s) not met.`;
  const from = localTime(story, story.startedAt, 'cccc d LLLL yyyy, HH:mm');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>eks-caretaker: one night, seed ${story.seed}</title><style>${STYLE}</style></head><body>
<h1>One night with eks-caretaker</h1>
<p>Seed ${story.seed}. From ${from} to ${localTime(story, story.endedAt, 'HH:mm')} (${escapeHtml(story.timeZone)}). ${sum}</p>
${sizes}
${drains}
<h2>What was expected</h2>
<table><tr><th></th><th>automation</th><th>expectation</th><th>found</th></tr>
${expectationRows(story)}
</table>
<h2>Timeline</h2>
<table class="timeline"><tr><th>time</th><th>automation</th><th>target</th><th>action</th><th>reason</th><th>detail</th></tr>
${timelineRows(story)}
</table>
</body></html>
`;
};
