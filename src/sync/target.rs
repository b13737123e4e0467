//! What a GHL contact is in ChartMogul: linked, a member of a customer, a customer, or nothing.

use crate::error::{Code, Result};
use crate::host::Host;
use crate::mapping::Fields;
use crate::mapping::settings::{Anchor, WithoutBusiness};

use super::Engine;
use super::change::{Action, Change};
use super::discover::Ready;
use super::matching::{Candidate, Existing, Found, Index, find};
use super::read::StagedContact;
use super::run::Run;
use super::state::{Kind, Link, Matched};

/// What a contact is in ChartMogul, or why it is nothing there.
pub(super) enum Target {
    /// Linked before.
    Linked(Box<Link>),
    /// A contact under a customer that exists or will.
    Member {
        customer: Option<String>,
        data_source: Option<String>,
        contact: Option<(String, Fields)>,
        attributes: Fields,
        matched: Matched,
    },
    /// A customer of its own.
    Customer { existing: Option<(String, Fields)> },
    /// Nothing, for this reason.
    Nothing(Box<Change>),
}

impl<H: Host> Engine<'_, H> {
    /// What the index knows of these contacts: only of those without a link.
    pub(super) async fn index(
        &self,
        run: &mut Run,
        ready: &Ready,
        rows: &[(String, StagedContact)],
        links: &[Option<Link>],
    ) -> Result<Index> {
        let unlinked: Vec<(&str, &StagedContact)> = rows
            .iter()
            .zip(links)
            .filter(|(_, link)| link.is_none())
            .filter_map(|((key, staged), _)| Some((key.strip_prefix("stage/contact/")?, staged)))
            .collect();
        if !run.lists && self.settings.anchor == Anchor::AttachOnly {
            for (_, staged) in &unlinked {
                for address in &staged.emails {
                    self.look_up(run, ready, address).await?;
                }
            }
        }
        let mut index = Index::default();
        let external: Vec<String> = unlinked.iter().map(|(id, _)| (*id).to_owned()).collect();
        let emails: Vec<String> =
            unlinked.iter().flat_map(|(_, staged)| staged.emails.clone()).collect();
        let phones: Vec<String> =
            unlinked.iter().flat_map(|(_, staged)| staged.phones.clone()).collect();
        for (prefix, values, into) in [
            ("match/external", external, &mut index.external),
            ("match/email", emails, &mut index.email),
            ("match/phone", phones.clone(), &mut index.phone),
        ] {
            let known = self.keeper.get_all(&self.keys(prefix, &values)).await?.read()?;
            for (value, known) in values.into_iter().zip(known) {
                if let Some(known) = known {
                    into.insert(value, known);
                }
            }
        }
        let own: Vec<Option<Vec<String>>> =
            self.keeper.get_all(&self.keys("phone", &phones)).await?.read()?;
        for (phone, ids) in phones.into_iter().zip(own) {
            index.own_phone.insert(phone, ids.map_or(0, |ids| ids.len()));
        }
        Ok(index)
    }

    /// The counterpart of a contact that has no link yet.
    pub(super) async fn target(
        &self,
        run: &Run,
        ready: &Ready,
        id: &str,
        staged: &StagedContact,
        index: &mut Index,
    ) -> Result<Target> {
        let skip = |reason: &str, code: Code| {
            let mut change =
                Change::new(Action::Skip, Kind::Contact, id, staged.title.clone(), reason);
            change.code = Some(code.text().to_owned());
            Ok(Target::Nothing(Box::new(change)))
        };
        match self.settings.anchor {
            Anchor::ContactIsCustomer => {
                Ok(Target::Customer { existing: self.own_customer(Kind::Contact, id).await? })
            }
            Anchor::BusinessIsCustomer => match &staged.business {
                Some(business) => self.member_of(ready, id, business, index).await,
                None if self.settings.without_business == WithoutBusiness::Customer => {
                    Ok(Target::Customer { existing: self.own_customer(Kind::Contact, id).await? })
                }
                None => skip("it belongs to no business", Code::Unmappable),
            },
            Anchor::AttachOnly => match find(index, id, &staged.emails, &staged.phones) {
                Found::One { candidate, matched } => {
                    self.attach(id, &candidate, matched, &mut index.claimed).await
                }
                Found::Several { customers, by } => {
                    let mut change = Change::new(
                        Action::Conflict,
                        Kind::Contact,
                        id,
                        staged.title.clone(),
                        format!("{} customers match ({})", customers.len(), by.reason()),
                    );
                    change.code = Some(Code::Ambiguous.text().to_owned());
                    change.candidates = customers;
                    Ok(Target::Nothing(Box::new(change)))
                }
                Found::Nobody if !run.lists => skip(
                    "no ChartMogul customer has its e-mail address; phones are compared in the next full pass",
                    Code::NotFound,
                ),
                Found::Nobody => {
                    skip("no ChartMogul customer has its e-mail address or phone", Code::NotFound)
                }
            },
        }
    }

    pub(super) async fn attach(
        &self,
        id: &str,
        candidate: &Candidate,
        matched: Matched,
        claims: &mut Vec<String>,
    ) -> Result<Target> {
        let customer = &candidate.customer;
        let stub: Existing = self
            .keeper
            .get(&format!("match/customer/{customer}"))
            .await?
            .one()?
            .unwrap_or_default();
        let mut data_source = stub.data_source;
        let mut existing = None;
        if let Some(uuid) = candidate.contact.as_deref() {
            let owner: Option<String> =
                match self.keeper.get(&format!("back/contact/{uuid}")).await?.one()? {
                    Some(owner) => Some(owner),
                    None => self.keeper.get(&format!("stage/claim/{uuid}")).await?.one()?,
                };
            let known: Option<Existing> =
                self.keeper.get(&format!("match/contact/{uuid}")).await?.one()?;
            let known = known.unwrap_or_default();
            data_source = data_source.or(known.data_source);
            // A ChartMogul contact stands for one GHL contact: a second one gets its own.
            if owner.is_none_or(|owner| owner == id)
                && !claims.iter().any(|claimed| claimed == uuid)
            {
                claims.push(uuid.to_owned());
                existing = Some((uuid.to_owned(), known.fields));
            }
        }
        Ok(Target::Member {
            customer: Some(customer.to_owned()),
            data_source,
            contact: existing,
            attributes: stub.fields,
            matched,
        })
    }

    pub(super) async fn member_of(
        &self,
        ready: &Ready,
        id: &str,
        business: &str,
        index: &Index,
    ) -> Result<Target> {
        let linked = self.links(Kind::Business, &[business]).await?.pop().flatten();
        let customer = match linked {
            Some(link) => Some(link.customer),
            None => self.own_customer(Kind::Business, business).await?.map(|(uuid, _)| uuid),
        };
        let contact = match index
            .external
            .get(id)
            .and_then(|found| found.iter().find_map(|one| one.contact.clone()))
        {
            Some(uuid) => {
                let known: Option<Existing> =
                    self.keeper.get(&format!("match/contact/{uuid}")).await?.one()?;
                Some((uuid, known.unwrap_or_default().fields))
            }
            None => None,
        };
        let data_source = ready.schema.borrow().data_source.clone();
        Ok(Target::Member {
            customer,
            data_source,
            contact,
            attributes: Fields::new(),
            matched: Matched::ExternalId,
        })
    }

    /// A customer made by us before: found by its external id, should the state have been lost.
    pub(super) async fn own_customer(
        &self,
        kind: Kind,
        id: &str,
    ) -> Result<Option<(String, Fields)>> {
        let key = format!("match/external/{}", self.external_id(kind, id));
        let found: Option<Vec<Candidate>> = self.keeper.get(&key).await?.one()?;
        let Some(candidate) = found.and_then(|found| found.into_iter().next()) else {
            return Ok(None);
        };
        let known: Option<Existing> =
            self.keeper.get(&format!("match/customer/{}", candidate.customer)).await?.one()?;
        Ok(Some((candidate.customer, known.unwrap_or_default().fields)))
    }
}
