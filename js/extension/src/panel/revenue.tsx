// Money: MRR, ARR, status, the line of the last twelve months with its table, plans, movements.

import { useState } from "preact/hooks";
import { longDate, shortDate } from "../dates.js";
import { describeMonths, type Month, money, monthsOf, shortMoney, signedMoney } from "../money.js";
import type { Customer, Person } from "../person.js";
import { now } from "./store.js";

const WIDTH = 328;
const HEIGHT = 72;
const TOP = 6;

/** A step line from zero: MRR changes on a day, not along a slope. */
function Chart({ months, currency }: { months: readonly Month[]; currency: string | undefined }) {
  const [pointed, setPointed] = useState<number>();
  const first = months[0];
  const last = months.at(-1);
  if (first === undefined || last === undefined) return null;
  const most = Math.max(...months.map(({ mrr }) => mrr), 1);
  const step = WIDTH / months.length;
  const y = (value: number) => (HEIGHT - (Math.max(0, value) / most) * (HEIGHT - TOP)).toFixed(1);
  const line = months.reduce(
    (path, { mrr }, index) => `${path}V${y(mrr)}H${((index + 1) * step).toFixed(1)}`,
    `M0 ${y(first.mrr)}`,
  );
  const shown = pointed === undefined ? first : (months[pointed] ?? first);
  const text = ({ label, mrr }: Month) => `${label}, ${shortMoney(mrr, currency)}`;
  return (
    <figure class="line">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-labelledby="chart-title chart-text"
        onPointerMove={(event) => {
          const { left, width } = event.currentTarget.getBoundingClientRect();
          const index = Math.floor(((event.clientX - left) / width) * months.length);
          setPointed(Math.min(months.length - 1, Math.max(0, index)));
        }}
        onPointerLeave={() => setPointed(undefined)}
      >
        <title id="chart-title">{`MRR by month, ${first.label} to ${last.label}`}</title>
        <desc id="chart-text">{describeMonths(months, currency)}</desc>
        <path class="area" d={`${line}V${HEIGHT}H0Z`} />
        <path class="base" d={`M0 ${HEIGHT}H${WIDTH}`} />
        <path class="stroke" d={line} />
        {pointed !== undefined && (
          <path class="cursor" d={`M${((pointed + 0.5) * step).toFixed(1)} 0V${HEIGHT}`} />
        )}
        <circle class="dot" cx={WIDTH - 1} cy={y(last.mrr)} r="4" />
      </svg>
      <figcaption>
        <span>{text(shown)}</span>
        <span>{text(last)}</span>
      </figcaption>
      <details>
        <summary>MRR by month as a table</summary>
        <table class="rows">
          <caption class="sr">MRR by month</caption>
          <thead>
            <tr>
              <th scope="col">Month</th>
              <th scope="col" class="num">
                MRR
              </th>
            </tr>
          </thead>
          <tbody>
            {months.toReversed().map(({ label, mrr }) => (
              <tr key={label}>
                <td>{label}</td>
                <td class="num">{money(mrr, currency)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

const Bones = ({ widths }: { widths: readonly string[] }) => (
  <div class="block" aria-hidden="true">
    {widths.map((width, index) => (
      <span key={index} class="bone" style={{ width }} />
    ))}
  </div>
);

/** Whether a customer has never paid. */
const hasNothing = (customer: Customer, money: Person["money"]): boolean =>
  money !== undefined && money.plans.length === 0 && money.movements.length === 0 && customer.mrr === 0;

/** Money of a customer; bones while it is read. */
export function Revenue({ customer, money: read }: { customer: Customer; money: Person["money"] }) {
  const { mrr, arr, currency, status } = customer;
  if (hasNothing(customer, read))
    return (
      <section class="block" aria-label="Revenue">
        <dl class="figures">
          <div class="lead">
            <dt>MRR</dt>
            <dd>{money(mrr, currency)}</dd>
          </div>
          <div class="word">
            <dt>Status</dt>
            <dd>{status}</dd>
          </div>
        </dl>
        <div class="blank" style={{ paddingBottom: 0 }}>
          <strong>No subscription yet</strong>
          {customer.leadSince !== undefined && `A lead since ${longDate(customer.leadSince)}. `}
          Revenue, plans and movements appear with the first payment in ChartMogul.
        </div>
      </section>
    );
  return (
    <>
      <section class="block" aria-label="Revenue">
        <dl class="figures">
          <div class="lead">
            <dt>MRR</dt>
            <dd>{money(mrr, currency)}</dd>
          </div>
          <div>
            <dt>ARR</dt>
            <dd>{money(arr, currency)}</dd>
          </div>
          <div class="word">
            <dt>Status</dt>
            <dd>{status}</dd>
          </div>
        </dl>
        {read === undefined ? (
          <span class="bone" style={{ height: "72px", marginTop: "12px" }} />
        ) : (
          read.movements.length > 0 && (
            <Chart months={monthsOf(read.movements, mrr, now.value)} currency={currency} />
          )
        )}
      </section>
      {read === undefined ? (
        <>
          <Bones widths={["30%", "100%", "80%"]} />
          <Bones widths={["30%", "100%", "100%", "70%"]} />
        </>
      ) : (
        <>
          <Plans customer={customer} plans={read.plans} />
          <Movements customer={customer} movements={read.movements} />
        </>
      )}
    </>
  );
}

type Money = NonNullable<Person["money"]>;

function Plans({ customer, plans }: { customer: Customer; plans: Money["plans"] }) {
  if (plans.length === 0) return null;
  const describe = ({ cycle, quantity, endsAt }: Money["plans"][number]) =>
    [
      cycle,
      quantity > 1 ? `${quantity.toLocaleString("en-US")} seats` : "",
      endsAt !== undefined && endsAt > now.value ? `renews ${longDate(endsAt)}` : "",
    ]
      .filter((text) => text !== "")
      .join(", ");
  return (
    <section class="block" aria-labelledby="plans">
      <div class="head">
        <h2 id="plans">Plans</h2>
        {customer.since !== undefined && (
          <span class="small muted">Customer since {longDate(customer.since)}</span>
        )}
      </div>
      <dl class="facts">
        {plans.slice(0, MOST_PLANS).flatMap((plan) => [
          <dt key={plan.id}>
            {plan.name}
            <span class="sub">{describe(plan)}</span>
          </dt>,
          <dd key={`${plan.id} mrr`}>{money(plan.mrr, plan.currency ?? customer.currency)}</dd>,
        ])}
      </dl>
      {plans.length > MOST_PLANS && <p class="help">and {plans.length - MOST_PLANS} more in ChartMogul</p>}
    </section>
  );
}

const MOST_PLANS = 20;
const MOST_MOVEMENTS = 5;

const WORD_OF: Readonly<Record<string, string>> = {
  new_biz: "New business",
  expansion: "Expansion",
  contraction: "Contraction",
  churn: "Churn",
  reactivation: "Reactivation",
};

function Movements({ customer, movements }: { customer: Customer; movements: Money["movements"] }) {
  if (movements.length === 0) return null;
  const { currency } = customer;
  return (
    <section class="block" aria-labelledby="movements">
      <div class="head">
        <h2 id="movements">Last movements</h2>
      </div>
      <table class="rows">
        <caption class="sr">The last changes of MRR</caption>
        <thead>
          <tr>
            <th scope="col">Date</th>
            <th scope="col">Movement</th>
            <th scope="col" class="num">
              Change
            </th>
            <th scope="col" class="num">
              MRR
            </th>
          </tr>
        </thead>
        <tbody>
          {movements.slice(0, MOST_MOVEMENTS).map((movement, index) => (
            <tr key={index}>
              <td class="muted">{shortDate(movement.at, now.value)}</td>
              <td title={movement.description}>{WORD_OF[movement.type] ?? movement.type}</td>
              <td class="num">{signedMoney(movement.change, currency)}</td>
              <td class="num">{money(movement.mrr, currency)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** The line below a customer's name. */
export const aboutCustomer = (customer: Customer): string =>
  [
    customer.since !== undefined
      ? `Customer since ${longDate(customer.since)}`
      : customer.leadSince !== undefined
        ? `Lead since ${longDate(customer.leadSince)}`
        : customer.status,
    customer.city,
  ]
    .filter(Boolean)
    .join(", ");

/** What tells candidates apart. */
export const describeCustomer = (customer: Customer): string =>
  [
    customer.status,
    customer.mrr > 0 ? `${money(customer.mrr, customer.currency)} MRR` : "",
    customer.since !== undefined
      ? `since ${longDate(customer.since)}`
      : customer.leadSince !== undefined
        ? `lead since ${longDate(customer.leadSince)}`
        : "",
  ]
    .filter((text) => text !== "")
    .join(", ");
