//! Blogs, their posts, authors and categories.

use crate::endpoint::{
    BOOLEAN, INTEGER, Paging, TEXT, TIMESTAMP, V3, action, list, list_of, object, one, one_of,
    trigger,
};

crate::models! {
    /// A blog of a location.
    BLOG "Blog" {
        /// Id.
        required "_id": TEXT,
        /// Name.
        optional "name": TEXT.nullable(),
    }

    /// A post of a blog.
    BLOG_POST "BlogPost" {
        /// Ids of its categories.
        optional "categories": list(&TEXT),
        /// Tags.
        optional "tags": list(&TEXT),
        /// Whether it is archived.
        optional "archived": BOOLEAN.nullable(),
        /// Id.
        required "_id": TEXT,
        /// Title.
        optional "title": TEXT.nullable(),
        /// Description.
        optional "description": TEXT.nullable(),
        /// Address of its picture.
        optional "imageUrl": TEXT.nullable(),
        /// How it stands.
        optional "status": TEXT.nullable(),
        /// Text in place of the picture.
        optional "imageAltText": TEXT.nullable(),
        /// Last part of the address.
        optional "urlSlug": TEXT.nullable(),
        /// Canonical address.
        optional "canonicalLink": TEXT.nullable(),
        /// Id of its author.
        optional "author": TEXT.nullable(),
        /// When it was or will be published.
        optional "publishedAt": TIMESTAMP.nullable(),
        /// When it was last changed.
        optional "updatedAt": TIMESTAMP.nullable(),
    }

    /// A new post.
    BLOG_POST_CREATE "BlogPostCreate" {
        /// Title.
        required "title": TEXT,
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// The blog it belongs to.
        required "blogId": TEXT,
        /// Address of its picture.
        required "imageUrl": TEXT,
        /// Description.
        required "description": TEXT,
        /// The post, as HTML.
        required "rawHTML": TEXT,
        /// How it stands.
        required "status": one_of(&["DRAFT", "PUBLISHED", "SCHEDULED", "ARCHIVED"]),
        /// Text in place of the picture.
        required "imageAltText": TEXT,
        /// Ids of its categories.
        required "categories": list(&TEXT),
        /// Tags.
        optional "tags": list(&TEXT),
        /// Id of its author.
        required "author": TEXT,
        /// Last part of the address.
        required "urlSlug": TEXT,
        /// Canonical address.
        optional "canonicalLink": TEXT,
        /// When it was or will be published.
        required "publishedAt": TIMESTAMP,
    }

    /// A post, as it shall be.
    BLOG_POST_UPDATE "BlogPostUpdate" {
        /// Title.
        required "title": TEXT,
        /// The location it belongs to.
        required "locationId": TEXT,
        /// The blog it belongs to.
        required "blogId": TEXT,
        /// Address of its picture.
        required "imageUrl": TEXT,
        /// Description.
        required "description": TEXT,
        /// The post, as HTML.
        required "rawHTML": TEXT,
        /// How it stands.
        required "status": one_of(&["DRAFT", "PUBLISHED", "SCHEDULED", "ARCHIVED"]),
        /// Text in place of the picture.
        required "imageAltText": TEXT,
        /// Ids of its categories.
        required "categories": list(&TEXT),
        /// Tags.
        optional "tags": list(&TEXT),
        /// Id of its author.
        required "author": TEXT,
        /// Last part of the address.
        required "urlSlug": TEXT,
        /// Canonical address.
        optional "canonicalLink": TEXT,
        /// When it was or will be published.
        required "publishedAt": TIMESTAMP,
        /// How many words it has.
        required "wordCount": INTEGER,
    }

    /// An author of posts.
    BLOG_AUTHOR "BlogAuthor" {
        /// Id.
        required "_id": TEXT,
        /// Name.
        optional "name": TEXT.nullable(),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// When it was last changed.
        optional "updatedAt": TIMESTAMP.nullable(),
        /// Canonical address.
        optional "canonicalLink": TEXT.nullable(),
    }

    /// A category of posts.
    BLOG_CATEGORY "BlogCategory" {
        /// Id.
        required "_id": TEXT,
        /// Label.
        optional "label": TEXT.nullable(),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// When it was last changed.
        optional "updatedAt": TIMESTAMP.nullable(),
        /// Canonical address.
        optional "canonicalLink": TEXT.nullable(),
        /// Last part of the address.
        optional "urlSlug": TEXT.nullable(),
    }
}

crate::endpoints! {
    /// Blogs.
    BLOGS: Ghl "blogs";

    /// Lists the blogs of a location.
    "list": GET "/blogs/site/all" {
        scopes: &["blogs/list.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// How many to pass over.
            optional "skip": INTEGER,
            /// How many a page.
            optional "limit": INTEGER,
            /// Text to search for.
            optional "searchTerm": TEXT,
        ],
        result: list_of("data", object(&BLOG)),
        paging: Paging::SkipQuery,
        catalogue: &[trigger("Other Operations", "Get Blogs by Location")],
    }
}

crate::endpoints! {
    /// Posts of blogs.
    BLOG_POSTS: Ghl "blogPosts";

    /// Lists the posts of a blog.
    "list": GET "/blogs/posts/all" {
        scopes: &["blogs/posts.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// The blog.
            required "blogId": TEXT,
            /// How many a page.
            optional "limit": INTEGER,
            /// How many to pass over.
            optional "offset": INTEGER,
            /// Text to search for.
            optional "searchTerm": TEXT,
            /// Only those with this status; `ALL` only with apiVersion `v3`.
            optional "status": one_of(&["PUBLISHED", "SCHEDULED", "ARCHIVED", "DRAFT", "ALL"]),
        ],
        result: list_of("blogs", object(&BLOG_POST)),
        paging: Paging::OffsetQuery,
        catalogue: &[trigger("Other Operations", "Get Blog Posts")],
    }

    /// Tells whether a post of the location has this last part of an address.
    "checkSlug": GET "/blogs/posts/url-slug-exists" {
        scopes: &["blogs/check-slug.readonly"],
        query: crate::fields![
            /// Last part of the address.
            required "urlSlug": TEXT,
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// The post that may have it.
            optional "postId": TEXT,
        ],
        result: one("exists", BOOLEAN),
        catalogue: &[trigger("Other Operations", "Check Blog URL Slug")],
    }

    /// Creates a post.
    "create": POST "/blogs/posts" {
        scopes: &["blogs/post.write"],
        body: Some(&BLOG_POST_CREATE),
        result: one("data", object(&BLOG_POST)),
        catalogue: &[action("Other Operations", "Create Blog Post")],
    }

    /// Updates a post: what is given replaces it as a whole.
    "update": PUT "/blogs/posts/{postId}" {
        scopes: &["blogs/post-update.write"],
        body: Some(&BLOG_POST_UPDATE),
        result: one("updatedBlogPost", object(&BLOG_POST)),
        v3: V3 { added: &["wordCount"], ..V3::SAME },
        catalogue: &[action("Other Operations", "Update Blog Post")],
    }
}

crate::endpoints! {
    /// Authors of posts.
    BLOG_AUTHORS: Ghl "blogAuthors";

    /// Lists the authors of a location.
    "list": GET "/blogs/authors" {
        scopes: &["blogs/author.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// How many a page.
            optional "limit": INTEGER,
            /// How many to pass over.
            optional "offset": INTEGER,
        ],
        result: list_of("authors", object(&BLOG_AUTHOR)),
        paging: Paging::OffsetQuery,
        catalogue: &[trigger("Other Operations", "Get Blog Authors")],
    }
}

crate::endpoints! {
    /// Categories of posts.
    BLOG_CATEGORIES: Ghl "blogCategories";

    /// Lists the categories of a location.
    "list": GET "/blogs/categories" {
        scopes: &["blogs/category.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// How many a page.
            optional "limit": INTEGER,
            /// How many to pass over.
            optional "offset": INTEGER,
        ],
        result: list_of("categories", object(&BLOG_CATEGORY)),
        paging: Paging::OffsetQuery,
        catalogue: &[trigger("Other Operations", "Get Blog Categories")],
    }
}
