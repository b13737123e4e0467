//! Which ChartMogul user stands for a GHL user.

use crate::named::Named;
use crate::records;

use super::settings::Users;
use super::{email, written_email};

records! {
    /// A GHL user, as far as texts and the map need it.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    whole pub struct User {
        /// Its name.
        pub name: String = "name";
        /// Its e-mail address.
        pub email: Option<String> = "email";
    }
}

/// GHL's users by id, the settings' map, and the addresses that ChartMogul has refused.
#[derive(Debug, Clone, Default)]
pub struct UserMap {
    users: Named<User>,
    overrides: Named<String>,
    same_email: bool,
    default_assignee: Option<String>,
    refused: Vec<String>,
}

impl UserMap {
    /// A map from the location's users and the settings.
    pub fn new(users: Named<User>, settings: &Users, refused: Vec<String>) -> Self {
        let written = |text: &str| written_email(text).unwrap_or_else(|| key(text));
        Self {
            users,
            overrides: settings.map.iter().map(|(from, to)| (key(from), written(to))).collect(),
            same_email: settings.same_email,
            default_assignee: settings.default_assignee.as_deref().map(written),
            refused,
        }
    }

    /// The ChartMogul e-mail of a GHL user: the settings' map by id or e-mail, else the user's own
    /// e-mail; `None` if the user has no address, or ChartMogul refused it.
    pub fn chartmogul_email(&self, id: &str) -> Option<String> {
        self.mapped_email(id).filter(|address| !self.is_refused(address))
    }

    fn mapped_email(&self, id: &str) -> Option<String> {
        let own = self.users.get(id).and_then(|user| user.email.as_deref());
        self.overrides
            .get(&key(id))
            .or_else(|| self.overrides.get(&email(own?)?))
            .cloned()
            .or_else(|| written_email(own?).filter(|_| self.same_email))
    }

    /// The assignee of users that ChartMogul does not know, or why there is none.
    pub fn default_assignee(&self) -> Result<&str, String> {
        match self.default_assignee.as_deref() {
            None => Err("sync.users.defaultAssignee is not set".to_owned()),
            Some(address) if self.is_refused(address) => Err(format!(
                "ChartMogul knows no user {address}, who is sync.users.defaultAssignee"
            )),
            Some(address) => Ok(address),
        }
    }

    /// The assignee of a task: the user's, else the default.
    pub fn assignee(&self, id: Option<&str>) -> Option<String> {
        id.and_then(|id| self.chartmogul_email(id))
            .or_else(|| self.default_assignee().ok().map(str::to_owned))
    }

    /// The name of a GHL user.
    pub fn name(&self, id: &str) -> Option<&str> {
        self.users.get(id).map(|user| user.name.as_str()).filter(|name| !name.is_empty())
    }

    /// Whether a GHL user has this name.
    pub fn has_name(&self, name: &str) -> bool {
        self.users.values().any(|user| user.name == name && !name.is_empty())
    }

    /// Users that have no ChartMogul e-mail: id and name.
    pub fn unmapped(&self) -> impl Iterator<Item = (&str, &str)> {
        self.users
            .iter()
            .filter(|(id, _)| self.chartmogul_email(id).is_none())
            .map(|(id, user)| (id, user.name.as_str()))
    }

    /// GHL's id of the user that a ChartMogul e-mail stands for, refused or not.
    pub fn ghl_user(&self, address: &str) -> Option<&str> {
        let address = key(address);
        let stands = |id: &str| self.mapped_email(id).is_some_and(|mapped| key(&mapped) == address);
        self.users.names().find(|id| stands(id))
    }

    /// The name of the GHL user that a ChartMogul e-mail stands for, refused or not.
    pub fn name_by_email(&self, address: &str) -> Option<&str> {
        self.ghl_user(address).and_then(|id| self.name(id))
    }

    /// Whether ChartMogul has refused this address.
    pub fn is_refused(&self, address: &str) -> bool {
        let address = key(address);
        self.refused.iter().any(|refused| key(refused) == address)
    }

    /// Remembers that ChartMogul does not know this address.
    pub fn refuse(&mut self, address: &str) {
        if !self.is_refused(address) {
            self.refused.push(key(address));
        }
    }
}

/// What is compared: an address in its compared form, anything else (an id) in small letters.
fn key(text: &str) -> String {
    email(text).unwrap_or_else(|| text.trim().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> UserMap {
        let user = |name: &str, email: Option<&str>| User {
            name: name.into(),
            email: email.map(Into::into),
        };
        let users = Named::from_iter([
            ("u1".to_owned(), user("Ada", Some("Ada@Example.com"))),
            ("u2".to_owned(), user("Bob", Some("bob@example.com"))),
            ("u3".to_owned(), user("No Mail", None)),
        ]);
        let settings = Users {
            default_assignee: Some("Team@example.com".into()),
            map: Named::from_iter([(
                "Bob@example.com".to_owned(),
                "robert@example.org".to_owned(),
            )]),
            same_email: true,
        };
        UserMap::new(users, &settings, Vec::new())
    }

    #[test]
    fn why_there_is_no_default_assignee_is_said() {
        let settings = Users { default_assignee: Some("Fin@x.io".into()), ..Users::default() };
        let map = |refused| UserMap::new(Named::default(), &settings, refused);
        assert_eq!(map(Vec::new()).default_assignee(), Ok("fin@x.io"));
        let why = map(vec!["fin@x.io".to_owned()]).default_assignee().unwrap_err().to_owned();
        assert!(why.contains("knows no user fin@x.io"), "{why}");
        let none = UserMap::new(Named::default(), &Users::default(), Vec::new());
        assert!(none.default_assignee().unwrap_err().contains("is not set"));
    }

    #[test]
    fn users_map_by_override_then_by_their_own_address() {
        let map = map();
        assert_eq!(map.assignee(Some("u1")).as_deref(), Some("ada@example.com"));
        assert_eq!(map.assignee(Some("u2")).as_deref(), Some("robert@example.org"));
        assert_eq!(map.assignee(Some("u3")).as_deref(), Some("team@example.com"));
        assert_eq!(map.assignee(None).as_deref(), Some("team@example.com"));
        assert_eq!(map.chartmogul_email("gone"), None);
        assert_eq!(map.unmapped().collect::<Vec<_>>(), [("u3", "No Mail")]);
    }

    #[test]
    fn users_are_known_by_any_spelling_of_their_address() {
        let user = User { name: "Jürgen".into(), email: Some("JÜRGEN@müller.example".into()) };
        let users = Named::from_iter([("u1".to_owned(), user)]);
        let settings = Users {
            map: Named::from_iter([(
                "ju\u{308}rgen@xn--mller-kva.example".to_owned(),
                "<Boss@xn--mller-kva.example>".to_owned(),
            )]),
            same_email: true,
            ..Users::default()
        };
        let mut map = UserMap::new(users, &settings, Vec::new());
        assert_eq!(map.chartmogul_email("u1").as_deref(), Some("boss@xn--mller-kva.example"));
        assert_eq!(map.name_by_email("Boss@Müller.example"), Some("Jürgen"));
        map.refuse("boss@müller.example");
        assert_eq!(map.chartmogul_email("u1"), None);
    }

    #[test]
    fn a_refused_address_falls_back_to_the_default() {
        let mut map = map();
        map.refuse("ADA@example.com");
        assert_eq!(map.chartmogul_email("u1"), None);
        assert_eq!(map.assignee(Some("u1")).as_deref(), Some("team@example.com"));
        map.refuse("team@example.com");
        assert_eq!(map.assignee(Some("u1")), None);
    }
}
