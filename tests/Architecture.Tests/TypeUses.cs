using Mono.Cecil;
using Mono.Cecil.Cil;

namespace SpoActors.Architecture.Tests;

/// <summary>The types that a compiled type refers to: in its signatures, its attributes and its methods' bodies.</summary>
static class TypeUses
{
    public static IEnumerable<TypeReference> Of(TypeDefinition type) =>
    [
        .. Parts(type.BaseType), .. type.Interfaces.SelectMany(i => Parts(i.InterfaceType)), .. Attributes(type), .. Generics(type),
        .. type.Fields.SelectMany(f => Parts(f.FieldType).Concat(Attributes(f))),
        .. type.Properties.SelectMany(Attributes), .. type.Events.SelectMany(Attributes),
        .. type.Methods.SelectMany(m => Signature(m).Concat(Attributes(m)).Concat(Generics(m)).Concat(m.Parameters.SelectMany(Attributes)).Concat(Attributes(m.MethodReturnType))),
        .. type.Methods.Where(m => m.HasBody).SelectMany(m => Body(m.Body)),
    ];

    static IEnumerable<TypeReference> Body(MethodBody body) =>
        body.Variables.SelectMany(v => Parts(v.VariableType))
            .Concat(body.ExceptionHandlers.SelectMany(h => Parts(h.CatchType)))
            .Concat(body.Instructions.SelectMany(Operand));

    static IEnumerable<TypeReference> Operand(Instruction instruction) => instruction.Operand switch
    {
        TypeReference type => Parts(type),
        MethodReference method => Signature(method),
        FieldReference field => Parts(field.DeclaringType).Concat(Parts(field.FieldType)),
        CallSite site => Parts(site.ReturnType).Concat(site.Parameters.SelectMany(p => Parts(p.ParameterType))),
        _ => [],
    };

    static IEnumerable<TypeReference> Signature(MethodReference method) =>
    [
        .. Parts(method.DeclaringType), .. Parts(method.ReturnType), .. method.Parameters.SelectMany(p => Parts(p.ParameterType)),
        .. method is GenericInstanceMethod generic ? generic.GenericArguments.SelectMany(Parts) : [],
    ];

    static IEnumerable<TypeReference> Generics(IGenericParameterProvider provider) =>
        provider.GenericParameters.SelectMany(p => p.Constraints.SelectMany(c => Parts(c.ConstraintType)).Concat(Attributes(p)));

    static IEnumerable<TypeReference> Attributes(ICustomAttributeProvider provider) => provider.CustomAttributes.SelectMany(a =>
        Parts(a.AttributeType).Concat(a.ConstructorArguments.Concat(a.Properties.Concat(a.Fields).Select(n => n.Argument)).SelectMany(Argument)));

    static IEnumerable<TypeReference> Argument(CustomAttributeArgument argument) => Parts(argument.Type).Concat(argument.Value switch
    {
        TypeReference type => Parts(type),
        CustomAttributeArgument inner => Argument(inner),
        CustomAttributeArgument[] several => several.SelectMany(Argument),
        _ => [],
    });

    /// <summary>A generic type and its arguments, an array's element, and so on down to named types.</summary>
    static IEnumerable<TypeReference> Parts(TypeReference? type) => type switch
    {
        null or GenericParameter => [],
        GenericInstanceType generic => Parts(generic.ElementType).Concat(generic.GenericArguments.SelectMany(Parts)),
        FunctionPointerType pointer => Parts(pointer.ReturnType).Concat(pointer.Parameters.SelectMany(p => Parts(p.ParameterType))),
        IModifierType modified => Parts(modified.ModifierType).Concat(Parts(modified.ElementType)),
        TypeSpecification wrapped => Parts(wrapped.ElementType),
        _ => [type],
    };
}
