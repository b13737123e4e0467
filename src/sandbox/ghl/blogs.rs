//! Blogs: sites, authors, categories, posts.

use serde_json::{Value, json};

use super::refusals::bad_request;
use super::resources::{change, create, find, listed, page, with_underscore};
use super::store::{Record, Store, text};
use super::{Answered, Exchange};
use crate::sandbox::time_text::iso;

/// Answers an operation on blogs.
pub(super) fn answer(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    match key {
        "GET /blogs/site/all" => {
            let sites = named(store, exchange, "blogs");
            Ok(exchange.succeed(&json!({ "data": sites })))
        }
        "GET /blogs/authors" => {
            let authors = named(store, exchange, "blogAuthors");
            Ok(exchange.succeed(&json!({ "authors": authors })))
        }
        "GET /blogs/categories" => {
            let categories = named(store, exchange, "blogCategories");
            Ok(exchange.succeed(&json!({ "categories": categories })))
        }
        "GET /blogs/posts/url-slug-exists" => {
            let slug = exchange.query("urlSlug").unwrap_or_default();
            let except = exchange.query("postId").unwrap_or_default();
            let exists = slug_taken(store, slug, except);
            Ok(exchange.succeed(&json!({ "exists": exists })))
        }
        "GET /blogs/posts/all" => {
            let posts = posts(store, exchange);
            Ok(exchange.succeed(&json!({ "blogs": posts })))
        }
        "POST /blogs/posts" => write(store, exchange, None),
        _ => {
            let id = exchange.parameter("postId");
            let post = find(store, exchange, "blogPosts", &id, "Blog post")?;
            write(store, exchange, Some(post))
        }
    }
}

fn named(store: &Store, exchange: &Exchange<'_>, kind: &str) -> Vec<Record> {
    let words = exchange.query("searchTerm").unwrap_or_default().to_lowercase();
    let fits = |record: &Record| text(record, "name").to_lowercase().contains(&words);
    page(exchange, listed(store, kind, fits), 10).into_iter().map(with_underscore).collect()
}

fn slug_taken(store: &Store, slug: &str, except: &str) -> bool {
    let mut posts = store.of("blogPosts").all();
    posts.any(|post| text(post, "urlSlug") == slug && text(post, "id") != except)
}

fn posts(store: &Store, exchange: &Exchange<'_>) -> Vec<Record> {
    let blog = exchange.query("blogId").unwrap_or_default();
    let words = exchange.query("searchTerm").unwrap_or_default().to_lowercase();
    let status = exchange.query("status").filter(|status| *status != "ALL");
    let fits = |post: &Record| {
        text(post, "blogId") == blog
            && text(post, "title").to_lowercase().contains(&words)
            && status.is_none_or(|status| text(post, "status") == status)
    };
    page(exchange, listed(store, "blogPosts", fits), 10).into_iter().map(shown).collect()
}

/// A post as answers show it: without its text.
fn shown(mut post: Record) -> Record {
    for name in ["rawHTML", "wordCount", "blogId", "locationId"] {
        post.remove(name);
    }
    with_underscore(post)
}

fn write(store: &mut Store, exchange: &mut Exchange<'_>, before: Option<Record>) -> Answered {
    let blog = exchange.body_text("blogId").unwrap_or_default().to_owned();
    if store.of("blogs").get(&blog).is_none() {
        return Err(bad_request(exchange, "Blog not found"));
    }
    let slug = exchange.body_text("urlSlug").unwrap_or_default().to_owned();
    let except = before.as_ref().map(|post| text(post, "id").to_owned()).unwrap_or_default();
    if slug_taken(store, &slug, &except) {
        return Err(bad_request(exchange, "URL slug already exists"));
    }
    let now = iso(exchange.now_ms);
    let body: Value = match before {
        None => {
            let properties = json!({ "archived": false, "tags": [], "updatedAt": now });
            json!({ "data": shown(create(store, exchange, "blogPosts", properties)) })
        }
        Some(post) => {
            json!({ "updatedBlogPost": shown(change(store, exchange, "blogPosts", post, json!({ "updatedAt": now }))) })
        }
    };
    Ok(exchange.succeed(&body).wrote())
}
