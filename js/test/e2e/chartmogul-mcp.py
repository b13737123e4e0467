"""Calls every tool of ChartMogul's MCP server, which stands on their Python client, against a sandbox.

A tool answers nothing where its call failed: prints how many answered, and what failed with its reason.
Expects CHARTMOGUL_TOKEN and CHARTMOGUL_BASE_URL.
"""

import asyncio
import json
import logging
import os

import chartmogul
from mcp.server import fastmcp


class Server(fastmcp.FastMCP):
    """Takes the argument `deps`, which the server gives and this version of MCP no longer has."""

    def __init__(self, name, deps=None, **settings):
        super().__init__(name, **settings)


fastmcp.FastMCP = Server
from chartmogul_mcp.mcp_server import ChartMogulMcp  # noqa: E402

chartmogul.Config.uri = os.environ["CHARTMOGUL_BASE_URL"] + "/v1"
logging.disable(logging.CRITICAL)


async def main():
    server = ChartMogulMcp()
    server.config.uri = os.environ["CHARTMOGUL_BASE_URL"] + "/v1"
    config = server.config
    tools = {tool.name for tool in await server.mcp.list_tools()}
    called, failed = set(), {}

    async def call(name, /, **arguments):
        called.add(name)
        function = server.mcp._tool_manager.get_tool(name).fn
        result = await function(**arguments)
        if result is None:
            failed[name] = "no answer"
        return result

    owner = "ada.king@agency.example"
    await call("retrieve_account")
    await call("list_sources", name="Stripe", system="Stripe")
    stripe = (await call("list_sources"))[0]["uuid"]
    own = chartmogul.DataSource.create(config, data={"name": "MCP"}).get().uuid
    await call("retrieve_source", uuid=stripe)

    customer = (
        await call(
            "create_customer",
            data={
                "data_source_uuid": own,
                "external_id": "mcp-1",
                "name": "MCP",
                "email": "mcp@example.com",
                "country": "US",
                "state": "US-CA",
                "lead_created_at": "2026-01-01T00:00:00Z",
            },
        )
    )["uuid"]
    customers = await call("list_customers", limit=200)
    assert len(customers) > 50, len(customers)
    await call("list_customers", data_source_uuid=own, external_id="mcp-1", status="New_Lead", system="Custom")
    paid = next(entry for entry in customers if entry["mrr"])["uuid"]
    await call("search_customers", email="mcp@example.com")
    await call("retrieve_customer", uuid=paid)
    await call("update_customer", uuid=customer, data={"company": "Co", "owner": owner})
    assert await call("list_customer_subscriptions", uuid=paid), "no subscriptions"
    assert await call("list_customer_activities", uuid=paid), "no activities"
    await call("list_customer_attributes", uuid=paid)
    await call("add_customer_tags", uuid=customer, tags=["one"])
    await call(
        "add_customer_custom_attributes",
        uuid=customer,
        custom_attributes=[{"type": "String", "key": "channel", "value": "ads", "source": "API"}],
    )

    contact = (
        await call(
            "create_contact",
            data={
                "customer_uuid": customer,
                "data_source_uuid": own,
                "first_name": "Ann",
                "email": "ann@example.com",
                "custom": [{"key": "Toggle", "value": "true"}],
            },
        )
    )["uuid"]
    await call("list_contacts", email="ann@example.com", customer_external_id="mcp-1")
    await call("retrieve_contact", uuid=contact)
    await call("update_contact", uuid=contact, data={"title": "CTO"})

    note = (
        await call("create_customer_note", data={"customer_uuid": customer, "type": "call", "text": "x"})
    )["uuid"]
    await call("list_customer_notes", customer_uuid=customer, type="call")
    assert (await call("retrieve_customer_note", uuid=note))["call_duration"] == 60
    await call("update_customer_note", uuid=note, data={"text": "y", "author_email": ""})

    opportunity = (
        await call(
            "create_opportunity",
            data={
                "customer_uuid": customer,
                "owner": owner,
                "pipeline": "New Business",
                "pipeline_stage": "Discovery",
                "estimated_close_date": "2026-12-31",
                "currency": "USD",
                "amount_in_cents": 100,
                "type": "recurring",
                "forecast_category": "pipeline",
                "win_likelihood": 3,
                "custom": [{"key": "from_campaign", "value": "true"}],
            },
        )
    )["uuid"]
    await call("list_opportunities", customer_uuid=customer, owner=owner, pipeline="New Business")
    await call("retrieve_opportunity", uuid=opportunity)
    await call("update_opportunity", uuid=opportunity, data={"amount_in_cents": 200})

    plan = (
        await call(
            "create_plan",
            data={
                "data_source_uuid": own,
                "name": "Gold",
                "interval_count": 1,
                "interval_unit": "month",
                "external_id": "gold",
            },
        )
    )["uuid"]
    assert len(await call("list_plans")) > 1
    await call("list_plans", data_source_uuid=own, external_id="gold", system="Custom")
    await call("retrieve_plan", uuid=plan)
    await call("update_plan", uuid=plan, data={"name": "Gold 2"})
    group = (await call("create_plan_group", data={"name": "Group", "plans": [plan]}))["uuid"]
    await call("list_plan_groups")
    await call("retrieve_plan_group", uuid=group)
    await call("list_plan_group_plans", uuid=group)
    await call("update_plan_group", uuid=group, data={"name": "Group 2"})

    task = (
        await call(
            "create_task",
            data={
                "customer_uuid": customer,
                "task_details": "Call",
                "assignee": owner,
                "due_date": "2026-12-01",
                "completed_at": None,
            },
        )
    )["task_uuid"]
    await call("list_tasks", customer_uuid=customer, assignee=owner, completed=False)
    await call("retrieve_task", uuid=task)
    await call("update_task", uuid=task, data={"task_details": "Call soon"})

    span = {"start_date": "2026-01-01", "end_date": "2026-10-31", "interval": "month"}
    for metric in ["all", "mrr", "arr", "arpa", "asp", "customer_count", "customer_churn_rate",
                   "mrr_churn_rate", "ltv"]:
        await call(f"{metric}_metrics", **span)

    event = await call(
        "create_subscription_event",
        data={
            "external_id": "evnt_1",
            "customer_external_id": "mcp-1",
            "data_source_uuid": own,
            "event_type": "subscription_start_scheduled",
            "event_date": "2026-03-30",
            "effective_date": "2026-04-01",
            "subscription_external_id": "sub_1",
            "plan_external_id": "gold",
            "currency": "USD",
            "amount_in_cents": 1000,
        },
    )
    await call("list_subscription_events", data_source_uuid=own)
    await call("update_subscription_event", data={"id": event["id"], "amount_in_cents": 500})

    await call(
        "import_invoices",
        uuid=customer,
        data={
            "invoices": [
                {
                    "external_id": "INV1",
                    "date": "2026-05-01T00:00:00.000Z",
                    "currency": "USD",
                    "due_date": "2026-05-16T00:00:00.000Z",
                    "line_items": [
                        {
                            "type": "subscription",
                            "subscription_external_id": "sub_1",
                            "plan_uuid": plan,
                            "service_period_start": "2026-05-01T00:00:00.000Z",
                            "service_period_end": "2026-06-01T00:00:00.000Z",
                            "amount_in_cents": 5000,
                            "quantity": 1,
                        }
                    ],
                    "transactions": [
                        {"date": "2026-05-05T00:14:23.000Z", "type": "payment", "result": "successful"}
                    ],
                }
            ]
        },
    )
    invoices = await call("list_invoices", customer_uuid=customer)
    await call("retrieve_invoice", uuid=invoices[0]["uuid"], validation_type="all")
    await call("list_activities", limit=30)
    print(json.dumps({"tools": sorted(tools), "notCalled": sorted(tools - called), "failed": failed}))


asyncio.run(main())
